//! Enough of the ELF format (64-bit, little-endian) to tell whether a program needs a dynamic loader.

use anyhow::{Context, ensure};

/// Program header type of the path of the dynamic loader.
const PT_INTERP: u32 = 3;

/// True if no program header names a dynamic loader. Errors if the bytes are not a 64-bit little-endian ELF file.
pub(super) fn is_static(bytes: &[u8]) -> anyhow::Result<bool> {
    ensure!(bytes.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF file");
    let table = u64::from_le_bytes(field(bytes, 32)?) as usize;
    let entry = u16::from_le_bytes(field(bytes, 54)?) as usize;
    let count = u16::from_le_bytes(field(bytes, 56)?) as usize;
    for header in 0..count {
        if u32::from_le_bytes(field(bytes, table + header * entry)?) == PT_INTERP {
            return Ok(false);
        }
    }
    Ok(true)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> anyhow::Result<[u8; N]> {
    let slice = bytes.get(at..at + N).with_context(|| format!("the file ends before byte {}", at + N))?;
    Ok(slice.try_into().expect("the slice has N bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file header and program headers of the given types.
    fn file(types: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = types.len() as u8;
        for kind in types {
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0; 52]);
        }
        bytes
    }

    #[test]
    fn a_loader_makes_it_dynamic() {
        assert!(is_static(&file(&[1, 2, 6])).unwrap());
        assert!(!is_static(&file(&[6, 3, 1])).unwrap());
    }

    #[test]
    fn other_files_and_cut_ones_are_errors() {
        assert!(is_static(b"#!/bin/sh\n").is_err());
        assert!(is_static(&file(&[1, 3])[..70]).is_err());
    }

    #[test]
    fn this_test_program_is_readable() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if cfg!(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")) {
            assert_eq!(is_static(&bytes).unwrap(), cfg!(target_feature = "crt-static"));
        }
    }
}
