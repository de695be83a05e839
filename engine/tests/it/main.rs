//! The one target of integration tests: the real program, from outside.

mod architecture;
mod cli;
mod cli_backtest;
mod cli_database;
mod cli_ingest;
mod cli_strategies;
mod faults_doors;
mod faults_strategies;
mod feed;
mod ingest;
mod ingest_events;
mod ingest_kill;
mod ingest_memory;
mod ingest_sample;
mod output;
mod program;
mod published;
mod registry;
mod registry_files;
mod registry_new;
mod scripts;
mod source;
mod store_contract;
mod store_records;
mod support;
mod worker;
