//! Migrations: which there are, which a database still needs, and when it is refused.
//!
//! The SQL stands in `migrations/` and is built into the program. What a database has gone through is
//! in its table `algo_trader_migrations`. Each side applies what is pending under a lock, together with
//! these records in one transaction; a killed program therefore leaves no half-made tables of ours.

use sha2::{Digest, Sha256};

use super::DbStatus;

/// One step of the tables.
pub(super) struct Migration {
    /// Position, from 1.
    pub(super) version: i64,
    /// What it does.
    pub(super) name: &'static str,
    /// Its statements.
    pub(super) sql: &'static str,
}

/// A step that a database went through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Applied {
    /// Position, from 1.
    pub(super) version: i64,
    /// What it did.
    pub(super) name: String,
    /// sha256 of its statements, in hex.
    pub(super) checksum: String,
}

pub(super) const SQLITE: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        sql: include_str!("../../../migrations/sqlite/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "ledger",
        sql: include_str!("../../../migrations/sqlite/0002_ledger.sql"),
    },
    Migration {
        version: 3,
        name: "sweeps",
        sql: include_str!("../../../migrations/sqlite/0003_sweeps.sql"),
    },
    Migration {
        version: 4,
        name: "stage",
        sql: include_str!("../../../migrations/sqlite/0004_stage.sql"),
    },
    Migration {
        version: 5,
        name: "trial blocks",
        sql: include_str!("../../../migrations/sqlite/0005_trial_blocks.sql"),
    },
    Migration {
        version: 6,
        name: "studies",
        sql: include_str!("../../../migrations/sqlite/0006_studies.sql"),
    },
    Migration {
        version: 7,
        name: "listing",
        sql: include_str!("../../../migrations/sqlite/0007_listing.sql"),
    },
    Migration {
        version: 8,
        name: "refused",
        sql: include_str!("../../../migrations/sqlite/0008_refused.sql"),
    },
];

pub(super) const POSTGRES: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        sql: include_str!("../../../migrations/postgres/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "ledger",
        sql: include_str!("../../../migrations/postgres/0002_ledger.sql"),
    },
    Migration {
        version: 3,
        name: "sweeps",
        sql: include_str!("../../../migrations/postgres/0003_sweeps.sql"),
    },
    Migration {
        version: 4,
        name: "stage",
        sql: include_str!("../../../migrations/postgres/0004_stage.sql"),
    },
    Migration {
        version: 5,
        name: "trial blocks",
        sql: include_str!("../../../migrations/postgres/0005_trial_blocks.sql"),
    },
    Migration {
        version: 6,
        name: "studies",
        sql: include_str!("../../../migrations/postgres/0006_studies.sql"),
    },
    Migration {
        version: 7,
        name: "listing",
        sql: include_str!("../../../migrations/postgres/0007_listing.sql"),
    },
    Migration {
        version: 8,
        name: "refused",
        sql: include_str!("../../../migrations/postgres/0008_refused.sql"),
    },
];

/// The table of records.
pub(super) const TABLE: &str = "algo_trader_migrations";

/// Makes the table of records; understood by both databases.
pub(super) const CREATE_RECORDS: &str = "CREATE TABLE algo_trader_migrations (\
     version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Reads the records.
pub(super) const RECORDS: &str =
    "SELECT version, name, checksum FROM algo_trader_migrations ORDER BY version";

/// Adds a record.
pub(super) const ADD_RECORD: &str = "INSERT INTO algo_trader_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

impl Migration {
    /// sha256 of its statements, in hex.
    pub(super) fn checksum(&self) -> String {
        Sha256::digest(self.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Number and name, for people.
    pub(super) fn label(&self) -> String {
        label(self.version, self.name)
    }

    /// Why a reader, who may not apply it, is refused.
    pub(super) fn pending_for_reader(&self) -> String {
        format!("its migration {} is pending and it was opened for reading only", self.label())
    }
}

impl Applied {
    /// Number and name, for people.
    pub(super) fn label(&self) -> String {
        label(self.version, &self.name)
    }
}

fn label(version: i64, name: &str) -> String {
    format!("{version:04} {name}")
}

/// The migrations that a database still needs.
///
/// # Errors
/// In words, when its records are not a beginning of ours: it is newer than this program, or one of
/// its steps was edited or is missing.
pub(super) fn pending<'m>(
    known: &'m [Migration],
    applied: &[Applied],
) -> Result<&'m [Migration], String> {
    let newest = known.last().map_or(0, |migration| migration.version);
    if let Some(step) = applied.iter().find(|step| step.version > newest) {
        return Err(format!(
            "its migration {} is newer than this program, which knows them up to {newest:04}",
            step.label()
        ));
    }
    for (index, step) in applied.iter().enumerate() {
        let ours = &known[index.min(known.len() - 1)];
        if step.version != ours.version {
            return Err(format!(
                "migration {} is not among those applied, but {} is: it was left half-way",
                ours.label(),
                step.label()
            ));
        }
        if step.checksum != ours.checksum() {
            return Err(format!(
                "migration {} was edited: the database went through another text than this program's",
                step.label()
            ));
        }
    }
    Ok(&known[applied.len()..])
}

/// Why a database that holds tables, but no records of ours, is refused.
pub(super) fn stranger(table: &str) -> String {
    format!(
        "it holds the table '{}' but no record of our migrations: \
         it belongs to another program or was left half-way",
        table.escape_debug()
    )
}

/// What a database says about itself.
pub(super) struct Figures {
    pub(super) applied: Vec<Applied>,
    /// Rows by table; empty while a migration is pending.
    pub(super) counts: Vec<(String, i64)>,
    pub(super) version: String,
    pub(super) bytes: i64,
}

impl Figures {
    /// The same for people.
    ///
    /// # Errors
    /// As [`pending`].
    pub(super) fn status(
        self,
        backend: &str,
        location: &str,
        known: &[Migration],
    ) -> Result<DbStatus, String> {
        let pending = pending(known, &self.applied)?;
        Ok(DbStatus {
            backend: backend.to_owned(),
            server_version: self.version,
            location: location.to_owned(),
            applied: self.applied.iter().map(Applied::label).collect(),
            pending: pending.iter().map(Migration::label).collect(),
            rows: self.counts,
            size_bytes: self.bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration { version: 1, name: "one", sql: "a" },
        Migration { version: 2, name: "two", sql: "b" },
    ];

    fn applied(version: i64, sql: &'static str) -> Applied {
        let checksum = Migration { version, name: "", sql }.checksum();
        Applied { version, name: format!("step{version}"), checksum }
    }

    #[test]
    fn the_rest_of_a_beginning_is_pending() {
        assert_eq!(pending(KNOWN, &[]).unwrap().len(), 2);
        assert_eq!(pending(KNOWN, &[applied(1, "a")]).unwrap()[0].name, "two");
        assert_eq!(pending(KNOWN, &[applied(1, "a"), applied(2, "b")]).unwrap().len(), 0);
    }

    #[test]
    fn newer_edited_and_half_made_tables_are_refused_naming_the_step() {
        let newer = [applied(1, "a"), applied(2, "b"), applied(3, "c")];
        assert!(pending(KNOWN, &newer).err().unwrap().contains("0003 step3 is newer"));
        let edited = [applied(1, "A")];
        assert!(pending(KNOWN, &edited).err().unwrap().contains("0001 step1 was edited"));
        let gap = [applied(2, "b")];
        assert!(pending(KNOWN, &gap).err().unwrap().contains("0001 one is not among"));
    }

    #[test]
    fn migrations_are_numbered_from_one_on_both_sides_alike() {
        assert_eq!(SQLITE.len(), POSTGRES.len());
        for (index, (left, right)) in SQLITE.iter().zip(POSTGRES).enumerate() {
            assert_eq!((left.version, left.name), (right.version, right.name));
            assert_eq!(left.version, i64::try_from(index).unwrap() + 1);
        }
    }

    /// A database in use holds these checksums: an applied migration is never edited, a new one is added.
    #[test]
    fn applied_migrations_never_change() {
        let sums: Vec<String> = SQLITE.iter().chain(POSTGRES).map(Migration::checksum).collect();
        // sha256sum migrations/sqlite/* migrations/postgres/*
        let applied = [
            "2ed6eabba157ef8f8d9e50f33b0bb8222de53fbe4e638d6ce475e3bafb32c69f",
            "481dbb8ccf646f989887ef04997d7772621395bbd07205f446025780781d5bab",
            "e2c3bbf7230da53a554c791ede579b6d8b257d82b32255b3fde71480a7962968",
            "d3f0601e0f99c91d2153b138728c91c4d2da1ba69b9eb5993eb607c97055d86e",
            "d88d0786c61364517619bd051efe195f6ee4aeb6023d54705a94d1b3a3945691",
            "2baf045b84ecd0324ba7c8fa6b8932bff6dfec0ae8df3bbe1a3896d446b45a65",
            "f1876cfc56847e09bd41b8945f42119f0a2844d6be946efbaa500e60515a40b0",
            "557ad901adec5870bb7746061f2e67d65eb19a19e10300d1f74fb12719f3db3a",
            "77f822e872fcd034488da23f459f4a5a55b2b7e3baeecbb1a81e17f88076344c",
            "28e676061b2e80f6f0e5f20ae7af651047f20631bcec06b5ef338fabf4a2c18e",
            "256abedb41c03b3b635d324083470cbaff70bdef004f97903a95a7c27a8a5e80",
            "004b39a9f04844d951f0e64da54624bac30e511a2b2cfb40f09fc1a9b3d5f24b",
            "39a6283c6a21532451331cd12400bfbaea34251e404692e17645dfdd2be16ab4",
            "b0a107724d728645e6ddf72aa1a0ae58c272018fc8e0a31407e7e2db4ccf98a4",
            "2f0e00bdaf022a253c110566431168c4d9a66bfb44d7bd92e9a0f174045bf2bc",
            "c18838bf7637162ec69196bf9e6a9ac4ddbaaafaaffefa884238896dbe8ba468",
        ];
        assert_eq!(sums, applied);
    }
}
