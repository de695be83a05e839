//! A run that is kept already: its id says that nothing it depends on has changed, so that its lists need not
//! be made, compared and written once more when its result is the one that is kept.

use crate::{
    error::Failure,
    report::record::is_whole,
    store::{KeptRun, RunRecord, Store},
};

/// The run as it is kept, when all of it is there.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(id: &str, store: &dyn Store) -> Result<Option<KeptRun>, Failure> {
    let kept = store.kept_run(id).await?;
    Ok(kept.filter(|kept| is_whole(&kept.kinds)))
}

/// What is to be kept: the record without its columns where the kept run has this result; where it has
/// another one, all of `anew`.
///
/// # Errors
/// When the strategy fails where it did not before.
pub(super) fn settled(
    known: Option<KeptRun>,
    mut record: RunRecord,
    anew: impl FnOnce() -> Result<RunRecord, Failure>,
) -> Result<RunRecord, Failure> {
    match known {
        None => Ok(record),
        Some(kept) if kept.result == record.result => {
            record.columns.clear();
            Ok(record)
        }
        // Another build of the same version made it.
        Some(_) => anew(),
    }
}
