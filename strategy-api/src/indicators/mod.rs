//! Host-computed columns by description; the computations themselves follow in this room.
//! `setup` and `testing` call exactly these functions.
#![allow(missing_docs)]
use crate::abi::layout::RawColumn;
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    Open,
    High,
    Low,
    Close,
    Volume,
}
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnSpec(RawColumn);
impl ColumnSpec {
    pub fn checked(&self) -> Result<Self, String> {
        Ok(*self)
    }
    pub fn to_wire(&self) -> RawColumn {
        self.0
    }
    pub fn compute(&self, _: &crate::Columns<'_>) -> Vec<f64> {
        vec![]
    }
    pub fn from_wire(raw: &RawColumn) -> Result<Self, String> {
        Ok(Self(*raw))
    }
    fn new(kind: u32, a: usize) -> Self {
        Self(RawColumn {
            kind,
            input: 3,
            output: 0,
            reserved: 0,
            params: [a as f64, 0.0, 0.0, 0.0],
            more: [0; 2],
        })
    }
    pub fn sma(_: Input, n: usize) -> Self {
        Self::new(1, n)
    }
    pub fn ema(_: Input, n: usize) -> Self {
        Self::new(2, n)
    }
    pub fn wma(_: Input, n: usize) -> Self {
        Self::new(3, n)
    }
    pub fn rsi(_: Input, n: usize) -> Self {
        Self::new(4, n)
    }
    pub fn atr(n: usize) -> Self {
        Self::new(5, n)
    }
    pub fn stddev(_: Input, n: usize) -> Self {
        Self::new(6, n)
    }
    pub fn highest(_: Input, n: usize) -> Self {
        Self::new(9, n)
    }
    pub fn lowest(_: Input, n: usize) -> Self {
        Self::new(10, n)
    }
    pub fn zscore(_: Input, n: usize) -> Self {
        Self::new(11, n)
    }
    pub fn roc(_: Input, n: usize) -> Self {
        Self::new(12, n)
    }
    pub fn bollinger(_: Input, n: usize, _: f64) -> [Self; 3] {
        [Self::new(7, n); 3]
    }
    pub fn macd(_: Input, n: usize, _: usize, _: usize) -> [Self; 3] {
        [Self::new(8, n); 3]
    }
}
