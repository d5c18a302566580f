//! Plain `f32` tensors of rank 4, owned and borrowed. No arithmetic, no runtime types.

use super::InferenceError;

/// Dimensions (N, C, H, W).
pub type Shape = [usize; 4];

fn check(shape: Shape, actual: usize) -> Result<(), InferenceError> {
    let expected = shape.iter().product();
    if expected == actual {
        Ok(())
    } else {
        Err(InferenceError::TensorLength {
            shape,
            expected,
            actual,
        })
    }
}

/// A borrowed tensor: row-major (N, C, H, W) `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorView<'a> {
    shape: Shape,
    data: &'a [f32],
}

impl<'a> TensorView<'a> {
    /// A view of `data` as `shape`.
    ///
    /// # Errors
    /// [`InferenceError::TensorLength`] when `data` does not hold exactly the shape's elements.
    pub fn new(shape: Shape, data: &'a [f32]) -> Result<Self, InferenceError> {
        check(shape, data.len())?;
        Ok(Self { shape, data })
    }

    /// Dimensions (N, C, H, W).
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The elements, row-major.
    pub const fn data(&self) -> &'a [f32] {
        self.data
    }
}

/// An owned tensor: row-major (N, C, H, W) `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Shape,
    data: Vec<f32>,
}

impl Tensor {
    /// A tensor of `shape` from `data`.
    ///
    /// # Errors
    /// [`InferenceError::TensorLength`] when `data` does not hold exactly the shape's elements.
    pub fn new(shape: Shape, data: Vec<f32>) -> Result<Self, InferenceError> {
        check(shape, data.len())?;
        Ok(Self { shape, data })
    }

    /// A tensor of `shape` filled with `value`.
    pub fn filled(shape: Shape, value: f32) -> Self {
        Self {
            shape,
            data: vec![value; shape.iter().product()],
        }
    }

    /// Dimensions (N, C, H, W).
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The elements, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The elements, row-major, to change.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Borrowed as a [`TensorView`].
    pub fn view(&self) -> TensorView<'_> {
        TensorView {
            shape: self.shape,
            data: &self.data,
        }
    }

    /// One row of one plane: batch 0, channel `c`, row `y`.
    ///
    /// # Panics
    /// When `c` or `y` lies outside the shape.
    pub fn row(&self, c: usize, y: usize) -> &[f32] {
        let [_, _, height, width] = self.shape;
        let start = (c * height + y) * width;
        &self.data[start..start + width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_refuses_data_that_does_not_fill_its_shape() {
        assert!(Tensor::new([1, 2, 2, 2], vec![0.0; 8]).is_ok());
        let error = Tensor::new([1, 2, 2, 2], vec![0.0; 7]).unwrap_err();
        assert!(matches!(
            error,
            InferenceError::TensorLength {
                expected: 8,
                actual: 7,
                ..
            }
        ));
        assert!(TensorView::new([1, 1, 1, 3], &[0.0; 4]).is_err());
    }

    #[test]
    fn a_row_is_the_row_of_its_channel() {
        let tensor = Tensor::new([1, 2, 2, 3], (0..12).map(|v| v as f32).collect()).unwrap();
        assert_eq!(tensor.row(1, 1), [9.0, 10.0, 11.0]);
    }
}
