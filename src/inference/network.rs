//! The one trait through which the pipeline runs a model; fakes and ONNX Runtime sessions implement it.

use super::{CancelToken, InferenceError, Manifest, Tensor, TensorView};

/// A loaded model. One thread owns it at a time: running needs `&mut self`.
pub trait Network: Send {
    /// What the model promises: contract, radius, thresholds.
    fn manifest(&self) -> &Manifest;

    /// Runs the model once. `inputs` are pairs of the contract's input name and tensor; H and W are multiples of the grid.
    ///
    /// Returns every output with its name.
    ///
    /// # Errors
    /// [`InferenceError::Cancelled`] when `cancel` was set before or while it ran; other variants when the run fails.
    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError>;
}

/// Takes the output called `name` out of `outputs` and checks its shape.
///
/// # Errors
/// [`InferenceError::MissingOutput`] or [`InferenceError::OutputShape`].
pub(crate) fn take_output(
    outputs: &mut Vec<(String, Tensor)>,
    name: &str,
    expected: super::Shape,
    model: &str,
) -> Result<Tensor, InferenceError> {
    let Some(position) = outputs.iter().position(|(found, _)| found == name) else {
        return Err(InferenceError::MissingOutput {
            model: model.to_owned(),
            name: name.to_owned(),
        });
    };
    let (_, tensor) = outputs.swap_remove(position);
    if tensor.shape() == expected {
        Ok(tensor)
    } else {
        Err(InferenceError::OutputShape {
            model: model.to_owned(),
            name: name.to_owned(),
            expected,
            actual: tensor.shape(),
        })
    }
}
