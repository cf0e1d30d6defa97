//! Values: a version byte, then `MessagePack` with named fields. Fields that are nil are left out, so that a record with
//! few facts is small and a new optional field does not make every stored record look changed.

use super::error;
use crate::domain::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Version of the encoding of a value.
const VERSION: u8 = 1;

/// Deepest nesting that is packed; domain values have five levels.
const MAX_DEPTH: usize = 32;

/// A value with its version byte.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    let mut out = vec![VERSION];
    pack(value, &mut out)?;
    Ok(out)
}

/// The value behind the version byte.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    rmp_serde::from_slice(body(bytes)?).map_err(|e| unreadable(&e))
}

/// Two values after one version byte: a small head that can be read without the rest.
pub(super) fn encode_pair<H: Serialize>(head: &H, packed: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(packed.len() + 48);
    out.push(VERSION);
    pack(head, &mut out)?;
    out.extend_from_slice(packed);
    Ok(out)
}

/// The head of a pair, and the bytes after it.
pub(super) fn decode_head<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, &[u8]), Failure> {
    let mut rest = body(bytes)?;
    let head = rmp_serde::from_read(&mut rest).map_err(|e| unreadable(&e))?;
    Ok((head, rest))
}

/// The second value of a pair.
pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, Failure> {
    rmp_serde::from_slice(packed).map_err(|e| unreadable(&e))
}

/// Appends the value as `MessagePack` without nil fields.
pub(super) fn pack<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), Failure> {
    let full = rmp_serde::to_vec_named(value).map_err(|e| error::ours(format!("a value could not be encoded: {e}")))?;
    without_nils(&mut full.as_slice(), out, 0).ok_or_else(|| error::ours("a value could not be packed"))
}

fn body(bytes: &[u8]) -> Result<&[u8], Failure> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((version, _)) => Err(error::local(
            format!("a value of the store has version {version}, this matchbook reads version {VERSION}"),
            "use the matchbook that wrote it, or a newer one",
        )),
        None => Err(unreadable(&"it is empty")),
    }
}

fn unreadable(reason: &dyn std::fmt::Display) -> Failure {
    error::local(
        format!("a value of the store cannot be read: {reason}"),
        "restore the newest backup, or move the store away and sync again",
    )
}

/// What one `MessagePack` marker says of the bytes after it.
enum Shape {
    /// So many bytes of content.
    Bytes(usize),
    /// So many values.
    Array(usize),
    /// So many pairs.
    Map(usize),
}

/// Copies one value, leaving out map entries whose value is nil. `None` when the bytes are no `MessagePack`.
fn without_nils(input: &mut &[u8], out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let start = *input;
    let shape = shape(input)?;
    match shape {
        Shape::Bytes(count) => {
            *input = input.get(count..)?;
            out.extend_from_slice(&start[..start.len() - input.len()]);
        }
        _ if depth == MAX_DEPTH => return None,
        Shape::Array(count) => {
            out.extend_from_slice(&start[..start.len() - input.len()]);
            for _ in 0..count {
                without_nils(input, out, depth + 1)?;
            }
        }
        Shape::Map(count) => {
            let mut ahead = *input;
            let mut kept = 0;
            for _ in 0..count {
                skip(&mut ahead)?;
                kept += usize::from(!is_nil(ahead));
                skip(&mut ahead)?;
            }
            map_marker(kept, out)?;
            for _ in 0..count {
                let key = *input;
                skip(input)?;
                if is_nil(input) {
                    skip(input)?;
                } else {
                    out.extend_from_slice(&key[..key.len() - input.len()]);
                    without_nils(input, out, depth + 1)?;
                }
            }
        }
    }
    Some(())
}

fn is_nil(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0xc0)
}

/// Moves behind one value without recursion: what is inside is only counted.
fn skip(input: &mut &[u8]) -> Option<()> {
    let mut left = 1usize;
    while left > 0 {
        left -= 1;
        match shape(input)? {
            Shape::Bytes(count) => *input = input.get(count..)?,
            Shape::Array(count) => left = left.checked_add(count)?,
            Shape::Map(count) => left = left.checked_add(count.checked_mul(2)?)?,
        }
    }
    Some(())
}

/// Reads a marker with its length (`MessagePack` specification, "Formats").
fn shape(input: &mut &[u8]) -> Option<Shape> {
    let marker = take(input, 1)?;
    Some(match marker {
        0x80..=0x8f => Shape::Map(marker & 0x0f),
        0x90..=0x9f => Shape::Array(marker & 0x0f),
        0xa0..=0xbf => Shape::Bytes(marker & 0x1f),
        0xc4 | 0xd9 => Shape::Bytes(take(input, 1)?),
        0xc5 | 0xda => Shape::Bytes(take(input, 2)?),
        0xc6 | 0xdb => Shape::Bytes(take(input, 4)?),
        0xc7 => Shape::Bytes(take(input, 1)? + 1),
        0xc8 => Shape::Bytes(take(input, 2)? + 1),
        0xc9 => Shape::Bytes(take(input, 4)? + 1),
        0xcc | 0xd0 => Shape::Bytes(1),
        0xcd | 0xd1 | 0xd4 => Shape::Bytes(2),
        0xca | 0xce | 0xd2 => Shape::Bytes(4),
        0xcb | 0xcf | 0xd3 => Shape::Bytes(8),
        0xd5 => Shape::Bytes(3),
        0xd6 => Shape::Bytes(5),
        0xd7 => Shape::Bytes(9),
        0xd8 => Shape::Bytes(17),
        0xdc => Shape::Array(take(input, 2)?),
        0xdd => Shape::Array(take(input, 4)?),
        0xde => Shape::Map(take(input, 2)?),
        0xdf => Shape::Map(take(input, 4)?),
        0xc1 => return None,
        _ => Shape::Bytes(0),
    })
}

fn take(input: &mut &[u8], count: usize) -> Option<usize> {
    let (bytes, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn map_marker(count: usize, out: &mut Vec<u8>) -> Option<()> {
    match count {
        0..=15 => out.push(0x80 | u8::try_from(count).ok()?),
        16..=0xffff => {
            out.push(0xde);
            out.extend_from_slice(&u16::try_from(count).ok()?.to_be_bytes());
        }
        _ => {
            out.push(0xdf);
            out.extend_from_slice(&u32::try_from(count).ok()?.to_be_bytes());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Device, Interface, Record};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn device() -> Device {
        let mut device = Device::new("17", "mac-017");
        device.serial = Some("C02XK0AAJG5J".into());
        device.interfaces = vec![Interface { name: "en0".into(), mac: Some("14:7d:da:00:00:01".into()), ip: None }];
        device.details.hardware.memory_gb = Some(16.0);
        device.details.security.filevault = Some(false);
        device.last_seen = Some(crate::domain::Timestamp::from_unix_timestamp(1_700_000_000).unwrap());
        device
    }

    #[test]
    fn a_record_comes_back_as_it_went_in() {
        let record = Record::Device(Box::new(device()));
        assert_eq!(decode::<Record>(&encode(&record).unwrap()).unwrap(), record);
    }

    #[test]
    fn nil_fields_take_no_room() {
        let packed = encode(&device()).unwrap();
        let full = rmp_serde::to_vec_named(&device()).unwrap();
        assert!(packed.len() * 2 < full.len(), "{} of {}", packed.len(), full.len());
        assert!(!packed.windows(9).any(|w| w == b"asset_tag"));
    }

    #[test]
    fn another_version_and_cut_values_are_refused() {
        let mut bytes = encode(&device()).unwrap();
        assert!(decode::<Device>(&bytes[..bytes.len() - 3]).is_err());
        bytes[0] = VERSION + 1;
        let failure = decode::<Device>(&bytes).unwrap_err();
        assert!(failure.what.contains("version 2"), "{failure}");
        assert!(decode::<Device>(&[]).is_err());
    }

    proptest! {
        #[test]
        fn any_nesting_survives_packing(value in prop::collection::btree_map(
            ".{0,40}", prop::collection::vec((any::<i64>(), any::<f64>(), ".{0,300}", any::<bool>()), 0..20), 0..40)) {
            let packed = encode(&value).unwrap();
            let back: BTreeMap<String, Vec<(i64, f64, String, bool)>> = decode(&packed).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{value:?}"));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<Record>(&bytes);
            let _ = without_nils(&mut bytes.as_slice(), &mut Vec::new(), 0);
        }
    }
}
