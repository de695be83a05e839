//! The market against hand calculation.
