//! What is asked of a device as a whole.

use mtl_core_tensor::element::DType;
use mtl_core_tensor::{Count, Cpu, Device, Island};

fn is_well(device: &impl Device) {
    device.check().expect("nothing has failed");
    let buffer = device.zeros::<f32>(3);
    device.check().expect("nothing has failed");
    assert_eq!(device.download(&buffer), [0.0; 3]);
    assert!(device.memory().is_none_or(|bytes| bytes > 0));
}

#[test]
fn a_device_at_work_reports_no_failure() {
    is_well(&Cpu);
    is_well(&Island);
    is_well(&Count::new());
}

#[test]
fn peaks_are_rates_of_this_machine() {
    for dtype in [DType::F32, DType::Bf16] {
        let peak = Cpu.peak_flops(dtype);
        assert!(peak.is_finite() && peak > 1e6, "{dtype}: {peak}");
        assert_eq!(Count::new().peak_flops(dtype), f64::INFINITY);
    }
}
