//! To and from dfdx: the same shape, the same element type, a copy of the values.
//!
//! dfdx keeps a tensor's storage to itself, so the values are copied both ways. What dfdx has no type for (bf16)
//! does not compile.

use crate::device::Cpu;
use crate::element::Element;
use crate::error::TensorError;
use crate::shape::Shape;
use crate::tensor::Tensor;
use dfdx::shapes::Unit;
use dfdx::tensor::{Cpu as DfdxCpu, CpuError, Tensor as DfdxTensor, TensorFromVec};

impl<S: Shape, E: Element + Unit> Tensor<S, E, Cpu> {
    /// A copy as a dfdx tensor of the same shape, off the tape. Errors if dfdx has no memory for it.
    ///
    /// ```
    /// use mtl_core_tensor::{Cpu, Tensor, shape::Const};
    ///
    /// let ours = Tensor::from_slice(&Cpu, (2, Const::<3>), &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    /// let theirs = ours.to_dfdx(&dfdx::tensor::Cpu::default())?;
    /// assert_eq!(Tensor::from_dfdx(&theirs).to_vec(), ours.to_vec());
    /// # Ok::<(), mtl_core_tensor::TensorError>(())
    /// ```
    pub fn to_dfdx(&self, device: &DfdxCpu) -> Result<DfdxTensor<S, E, DfdxCpu>, TensorError> {
        device.try_tensor_from_vec(self.to_vec(), *self.shape()).map_err(|error| match error {
            CpuError::OutOfMemory => TensorError::OutOfMemory { bytes: size_of_val(self.buffer().slice()) },
            CpuError::WrongNumElements => panic!("a tensor holds as many elements as its shape"),
        })
    }

    /// A copy of a dfdx tensor, in row-major order whatever its strides; a tape that it carries stays behind.
    pub fn from_dfdx<T>(tensor: &DfdxTensor<S, E, DfdxCpu, T>) -> Self {
        use dfdx::shapes::HasShape;
        if tensor.shape().num_elements() == 0 {
            return Tensor::zeros(&Cpu, *tensor.shape()); // dfdx cannot read a tensor without elements
        }
        let values = tensor.as_vec();
        Tensor::from_slice(&Cpu, *tensor.shape(), &values)
            .expect("a tensor holds as many elements as its shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Const;

    fn there_and_back<E: Element + Unit>(values: &[E]) {
        let device = DfdxCpu::default();
        let fixed = Tensor::from_slice(&Cpu, (Const::<2>, Const::<3>), values).unwrap();
        assert_eq!(Tensor::from_dfdx(&fixed.to_dfdx(&device).unwrap()).to_vec(), values);
        let free = Tensor::from_slice(&Cpu, (3usize, Const::<1>, 2usize), values).unwrap();
        let again = Tensor::from_dfdx(&free.to_dfdx(&device).unwrap());
        assert_eq!((again.sizes(), again.to_vec()), (vec![3, 1, 2], values.to_vec()));
    }

    #[test]
    fn every_type_that_both_have_comes_back_the_same() {
        there_and_back(&[0.5f32, -0.0, f32::MIN_POSITIVE, 3.0, f32::INFINITY, 1e-30]);
        there_and_back(&[0.1f64, -1.0, f64::MAX, 0.0, 2.0, 1e-300]);
        there_and_back(&[0u32, 1, 2, 3, 4, u32::MAX]);
        there_and_back(&[0i64, -1, i64::MIN, i64::MAX, 4, 5]);
    }

    #[test]
    fn an_empty_tensor_and_a_scalar_convert() {
        let device = DfdxCpu::default();
        let empty = Tensor::<_, f32, _>::zeros(&Cpu, (0usize, Const::<4>));
        assert_eq!(Tensor::from_dfdx(&empty.to_dfdx(&device).unwrap()).sizes(), [0, 4]);
        let scalar = Tensor::from_slice(&Cpu, (), &[7.0f64]).unwrap();
        assert_eq!(Tensor::from_dfdx(&scalar.to_dfdx(&device).unwrap()).to_vec(), [7.0]);
    }

    #[test]
    fn a_transposed_dfdx_tensor_arrives_row_major() {
        use dfdx::shapes::Rank2;
        use dfdx::tensor_ops::PermuteTo;
        let ours = Tensor::from_slice(&Cpu, (Const::<2>, Const::<3>), &[1.0f32, 2., 3., 4., 5., 6.]).unwrap();
        let turned = ours.to_dfdx(&DfdxCpu::default()).unwrap().permute::<Rank2<3, 2>, _>();
        assert_eq!(Tensor::from_dfdx(&turned).to_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
