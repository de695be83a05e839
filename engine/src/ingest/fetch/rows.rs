//! Rows of a series, or those that are put aside for it, one after the other in rising order: a page is in
//! memory, however many they are.

use crate::store::{BarRow, BarWriter, Stage, Store, StoreError};

/// Rows read at a time, at most.
pub(super) const PAGE: usize = 4_096;

/// Where rows stand.
enum Place<'a> {
    Held(&'a mut dyn BarWriter),
    Staged(&'a dyn Store, Stage),
}

/// Rows that are read as they are needed.
pub(super) struct Rows<'a> {
    place: Place<'a>,
    size: usize,
    /// What was read and not taken, last one first.
    page: Vec<BarRow>,
    /// From where the next page is read; `None` after the last.
    next: Option<i64>,
}

impl<'a> Rows<'a> {
    /// The rows of the writer's series from a time on.
    pub(super) fn held(writer: &'a mut dyn BarWriter, from: i64) -> Self {
        Self::new(Place::Held(writer), from)
    }

    /// The rows put aside from a time on.
    pub(super) fn staged(store: &'a dyn Store, stage: Stage, from: i64) -> Self {
        Self::new(Place::Staged(store, stage), from)
    }

    fn new(place: Place<'a>, from: i64) -> Self {
        Self { place, size: PAGE, page: Vec::new(), next: Some(from) }
    }

    /// The same in pages of about this size, for who knows that few are needed.
    pub(super) fn few(self, size: usize) -> Self {
        Self { size: size.clamp(1, PAGE), ..self }
    }

    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<BarRow>, StoreError> {
        if self.page.is_empty() {
            self.page = self.block().await?;
            self.page.reverse();
        }
        Ok(self.page.pop())
    }

    /// The next page as a whole, for who takes no single rows; empty after the last.
    pub(super) async fn block(&mut self) -> Result<Vec<BarRow>, StoreError> {
        let Some(from) = self.next else { return Ok(Vec::new()) };
        let page = match &mut self.place {
            Place::Held(writer) => writer.rows_from(from, self.size).await?,
            Place::Staged(store, stage) => store.staged(*stage, from, self.size).await?,
        };
        let last = page.last().filter(|_| page.len() == self.size);
        self.next = last.and_then(|row| row.bar.ts.checked_add(1));
        Ok(page)
    }
}
