//! The values of one quantity of one group.

use std::sync::Arc;

/// Values in the order of their rows, each with the block it was measured in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values {
    /// Shared by all quantities that every row has.
    pub blocks: Arc<Vec<u32>>,
    /// As many as blocks.
    pub values: Vec<f64>,
}

impl Values {
    /// One value that no block made.
    pub fn alone(value: f64) -> Self {
        Self { blocks: Arc::new(vec![0]), values: vec![value] }
    }

    /// Values of as many blocks, from 0.
    pub fn in_order(values: &[f64]) -> Self {
        Self { blocks: Arc::new((0..values.len() as u32).collect()), values: values.to_vec() }
    }

    /// The values that are there, where NaN stands for one that is absent, and so does a missing end.
    pub(crate) fn present(values: Vec<f64>, blocks: &Arc<Vec<u32>>) -> Self {
        if values.len() == blocks.len() && !values.iter().any(|value| value.is_nan()) {
            return Self { blocks: blocks.clone(), values };
        }
        let there = blocks.iter().copied().zip(values).filter(|(_, value)| !value.is_nan());
        let (blocks, values) = there.unzip();
        Self { blocks: Arc::new(blocks), values }
    }
}
