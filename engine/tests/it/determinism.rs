//! One hash of orders and fills, that of the golden file: whatever the database, the process, the number
//! of threads and of repetitions. Optimised builds are held to the same bits by `scripts/test`.

use std::{fs, slice};

use algo_trader::{
    feed::{Cache, ColumnFile, load},
    store::{OpenMode, open},
    worker::{Limits, Mode, RunJob, run},
};
use strategy_api::Resolution;

use crate::{
    golden::{config, hash, kept_hash, minutes},
    program::Program,
    support::{
        block_on,
        plugins::{Folder, library, mode},
        postgres,
    },
};

/// Takes the golden minutes from a file of text into a database, and out of it again.
fn through(program: &Program, database: &str) -> ColumnFile {
    let columns = minutes();
    let columns = columns.columns();
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for row in 0..columns.len() {
        let bar = columns.bar(row);
        let seconds = bar.ts / 1_000_000_000;
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close];
        text.push_str(&format!("{seconds},{open},{high},{low},{close},{}\n", bar.volume));
    }
    fs::write(program.home().join("minutes.csv"), text).unwrap();
    let ingest = ["ingest", "-s", "MINUTES", "-r", "1m", "--from-csv", "minutes.csv"];
    let said = program.run(&[&["--database", database], &ingest[..]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    block_on(async {
        let store = open(database, OpenMode::ReadWrite).await.unwrap();
        let file = load(&*store, &Cache::none(), "MINUTES", Resolution::Min1).await.unwrap();
        store.close().await;
        file
    })
}

#[test]
fn a_run_has_one_hash_whatever_the_database_the_process_and_the_number_of_threads() {
    let program = Program::new();
    let sqlite = format!("sqlite://{}", program.home().join("minutes.db").display());
    let files = [sqlite, postgres::shared().database()].map(|url| through(&program, &url));
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let strategy = folder.resolve("ma_cross");
    let (values, config) = (strategy.values(&[]).unwrap(), config(1));
    let hash_in = |file: &ColumnFile, mode: &Mode| {
        let job =
            RunJob { files: slice::from_ref(file), finer: &[], values: &values, config: &config };
        hash(&run(&strategy, &job, &Limits::default(), mode).unwrap())
    };
    let kept = kept_hash("ma_cross on MINUTES");
    for file in &files {
        for mode in [Mode::InProcess, mode()] {
            for _ in 0..3 {
                assert_eq!(hash_in(file, &mode), kept, "{mode:?}");
            }
        }
    }
    for threads in [1, 2, 8] {
        let hashes: Vec<String> = std::thread::scope(|scope| {
            let start = |at: usize| {
                let file = &files[at % 2];
                scope.spawn(|| hash_in(file, &mode()))
            };
            let running: Vec<_> = (0..threads).map(start).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(hashes.iter().all(|hash| *hash == kept), "{threads} threads: {hashes:?}");
    }
}
