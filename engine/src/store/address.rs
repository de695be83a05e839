//! Reads a database URL, and writes it again for people, without any secret.

use std::{path::PathBuf, str::FromStr};

use sqlx::postgres::PgConnectOptions;

use super::{OpenMode, StoreError};

/// Where the database is.
pub(super) enum Address {
    /// A file.
    Sqlite(SqliteFile),
    /// A server.
    Postgres(Box<Server>),
}

/// A SQLite database.
pub(super) struct SqliteFile {
    /// The file.
    pub(super) path: PathBuf,
    /// How it may be opened.
    pub(super) mode: OpenMode,
    /// The address for messages.
    pub(super) location: String,
}

/// A PostgreSQL database.
pub(super) struct Server {
    /// Host, port, user, password, database.
    pub(super) options: PgConnectOptions,
    /// The address for messages, without a password.
    pub(super) location: String,
}

/// Keys that may follow the `?` of a PostgreSQL URL. The driver logs the value of a key that it does
/// not know, and a misspelt `password` must not end there.
const SERVER_KEYS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Reads a database URL.
///
/// # Errors
/// [`StoreError::Url`] when it is none that we know; the message holds no secret.
pub(super) fn parse(url: &str, mode: OpenMode) -> Result<Address, StoreError> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => sqlite(url, mode).map(Address::Sqlite),
        "postgres" | "postgresql" => {
            postgres(url).map(|server| Address::Postgres(Box::new(server)))
        }
        _ => Err(bad(url, "it begins neither with sqlite:// nor with postgres://")),
    }
}

fn sqlite(url: &str, mode: OpenMode) -> Result<SqliteFile, StoreError> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    let rest =
        rest.ok_or_else(|| bad(url, "it begins neither with sqlite:// nor with postgres://"))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mode = match query {
        "" | "mode=rw" | "mode=rwc" => mode,
        "mode=ro" => OpenMode::ReadOnly,
        _ => return Err(bad(url, "only ?mode=ro, ?mode=rw and ?mode=rwc may follow the path")),
    };
    if path.contains('\0') {
        return Err(bad(url, "a path cannot contain NUL"));
    }
    match path {
        "" => Err(bad(url, "it names no file")),
        ":memory:" => Err(bad(url, "what is kept in memory ends with the program; name a file")),
        path => Ok(SqliteFile {
            path: PathBuf::from(path),
            mode,
            location: format!("sqlite://{}", path.escape_debug()),
        }),
    }
}

fn postgres(url: &str) -> Result<Server, StoreError> {
    // The driver would read what follows a lone ':' as the name of a database, password and all.
    if !url.contains("://") {
        return Err(bad(url, "it is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE"));
    }
    if let Some((_, query)) = url.split_once('?') {
        for pair in query.split('&') {
            let key = pair.split('=').next().unwrap_or_default();
            if !SERVER_KEYS.contains(&key) && !key.starts_with("options[") {
                let reason = format!("unknown option; known are {}", SERVER_KEYS.join(", "));
                return Err(bad(url, &reason));
            }
        }
    }
    // What the driver says may quote the address, password included.
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        bad(url, "it is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    })?;
    let place = match options.get_socket() {
        Some(socket) => format!("{}:{}", socket.display(), options.get_port()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    let location = format!("postgres://{user}@{place}/{database}").escape_debug().to_string();
    Ok(Server { options: options.application_name("algo-trader"), location })
}

fn bad(url: &str, reason: &str) -> StoreError {
    StoreError::Url { url: without_secrets(url), reason: reason.to_owned() }
}

/// The address with everything left out that could hold a secret: what stands before the last `@`
/// (but for the scheme) and what follows the first `?`.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = match rest.rsplit_once('@') {
        Some((_, place)) => format!("***@{place}"),
        None => rest.to_owned(),
    };
    let rest = match rest.split_once('?') {
        Some((place, _)) => format!("{place}?***"),
        None => rest,
    };
    let shown = if scheme.is_empty() { rest } else { format!("{scheme}://{rest}") };
    shown.chars().take(200).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str) -> String {
        match parse(url, OpenMode::ReadWrite).unwrap() {
            Address::Sqlite(file) => file.location,
            Address::Postgres(server) => server.location,
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let shown = "postgres://me@db.test:5433/quant";
        assert_eq!(location("postgres://me:hunter2@db.test:5433/quant"), shown);
        assert_eq!(location("postgresql://me@db.test:5433/quant?password=hunter2"), shown);
        assert_eq!(location("postgres://db.test:5433/quant?user=me&password=hunter2"), shown);
        assert_eq!(location("sqlite://data/x.db"), "sqlite://data/x.db");
        assert_eq!(location("sqlite:x.db?mode=ro"), "sqlite://x.db");
    }

    #[test]
    fn a_bad_address_is_refused_without_showing_its_secret() {
        let urls = [
            "mysql://me:hunter2@db/x",
            "postgres://me:hunter2@db:notaport/x",
            "postgres://me:hun@ter2@db:99999/x",
            "postgres://me@db/x?pasword=hunter2",
            "postgres://me@db/x?PASSWORD=hunter2",
            "postgres://me@db/x?sslmode=hunter2",
            "postgres:me:hunter2@db/x",
            "sqlite://",
            "sqlite://x.db?key=hunter2",
            "hunter2@x",
            "",
        ];
        for url in urls {
            let error = parse(url, OpenMode::ReadWrite).err().expect(url);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("ter2"), "{shown}");
        }
    }
}
