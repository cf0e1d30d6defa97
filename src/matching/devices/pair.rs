//! Two devices side by side: what agrees, what contradicts, and what that weighs.
//!
//! Weights are bits in the manner of Fellegi and Sunter: how much likelier an agreement or disagreement is on one device
//! than on two. They are set from what the identifiers are, not fitted: a maker gives a serial once; a network address
//! follows an adapter; a host name is a person's choice.

/// Weights in bits.
pub mod bits {
    #![expect(missing_docs, reason = "the names say it")]
    pub const SERIAL: f32 = 18.0;
    pub const SERIAL_SHARED: f32 = 5.0;
    pub const SERIAL_LIKE: f32 = 10.0;
    pub const SERIAL_DIFFERS: f32 = -10.0;
    pub const UUID: f32 = 18.0;
    pub const UUID_DIFFERS: f32 = -6.0;
    pub const MAC: f32 = 11.0;
    pub const MAC_MORE: f32 = 4.0;
    pub const MAC_SHARED: f32 = 2.0;
    pub const MAC_DIFFERS: f32 = -2.5;
    pub const HOST: f32 = 8.0;
    pub const HOST_SHARED: f32 = 3.5;
    pub const HOST_DIFFERS: f32 = -2.0;
    pub const COMPANY: f32 = 3.0;
    pub const COMPANY_DIFFERS: f32 = -6.0;
    pub const MODEL: f32 = 2.0;
    pub const MODEL_DIFFERS: f32 = -2.5;
    pub const MAKER_DIFFERS: f32 = -4.0;
    pub const USER: f32 = 4.0;
    pub const RETIRED: f32 = -4.0;
    pub const STALE: f32 = -1.0;
    pub const OLDER: f32 = -5.0;
    /// So much that the record that a device reports from now goes before it in all that they have in common.
    pub const AGAIN: f32 = -13.0;
    pub const PRIOR: f32 = -7.0;
}

/// How two devices' serials stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialMatch {
    /// One has none that identifies.
    #[default]
    Unknown,
    /// The same, on one live device of each side.
    Same,
    /// The same, but several live devices of one side have it.
    Shared,
    /// A look-alike or one slip apart.
    Like,
    /// Different.
    Differs,
}

/// Two devices side by side.
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own, and all combinations occur")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceMatch {
    /// Serial number.
    pub serial: SerialMatch,
    /// Hardware UUID: same, different, unknown.
    pub uuid: Option<bool>,
    /// Addresses in common that identify.
    pub macs: u8,
    /// Addresses in common that several devices have.
    pub shared_macs: u8,
    /// Both have addresses and none in common.
    pub macs_differ: bool,
    /// Host name: same, different, unknown.
    pub host: Option<bool>,
    /// How many devices of both sides' companies have the host name.
    pub host_count: u32,
    /// Company: same, different, unknown.
    pub company: Option<bool>,
    /// Model.
    pub model: Option<bool>,
    /// Maker.
    pub maker: Option<bool>,
    /// Last user the same.
    pub user: bool,
    /// The right record is out of use.
    pub retired: bool,
    /// The right record was last changed long before the left one was last seen.
    pub stale: bool,
    /// One of the records has a newer duplicate.
    pub older: bool,
    /// It is the left one: its device was enrolled again and reports from another record now.
    pub again: bool,
}

impl DeviceMatch {
    /// The pair's weight in bits.
    #[must_use]
    pub fn bits(&self) -> f32 {
        let pick = |value: Option<bool>, yes: f32, no: f32| match value {
            Some(true) => yes,
            Some(false) => no,
            None => 0.0,
        };
        let mut sum = bits::PRIOR + self.serial_bits() + pick(self.uuid, bits::UUID, bits::UUID_DIFFERS);
        sum += self.mac_bits();
        sum += match self.host {
            Some(true) if self.host_count <= 2 => bits::HOST,
            Some(true) => bits::HOST_SHARED,
            Some(false) => bits::HOST_DIFFERS,
            None => 0.0,
        };
        sum += pick(self.company, bits::COMPANY, bits::COMPANY_DIFFERS);
        sum += pick(self.model, bits::MODEL, bits::MODEL_DIFFERS);
        sum += pick(self.maker, 0.3, bits::MAKER_DIFFERS);
        sum += if self.user { bits::USER } else { 0.0 };
        sum += if self.retired { bits::RETIRED } else { 0.0 };
        sum += self.older_bits();
        sum + if self.stale { bits::STALE } else { 0.0 }
    }

    /// The part of a newer record of the same device.
    #[must_use]
    pub fn older_bits(&self) -> f32 {
        match (self.older, self.again) {
            (_, true) => bits::AGAIN,
            (true, false) => bits::OLDER,
            (false, false) => 0.0,
        }
    }

    /// The serial's part.
    #[must_use]
    pub fn serial_bits(&self) -> f32 {
        match self.serial {
            SerialMatch::Same => bits::SERIAL,
            SerialMatch::Shared => bits::SERIAL_SHARED,
            SerialMatch::Like => bits::SERIAL_LIKE,
            // A replaced mainboard changes the serial and keeps the adapters.
            SerialMatch::Differs if self.macs > 0 || self.uuid == Some(true) => 0.4 * bits::SERIAL_DIFFERS,
            SerialMatch::Differs => bits::SERIAL_DIFFERS,
            SerialMatch::Unknown => 0.0,
        }
    }

    /// The addresses' part.
    #[must_use]
    pub fn mac_bits(&self) -> f32 {
        match self.macs {
            0 if self.shared_macs > 0 => bits::MAC_SHARED,
            0 if self.macs_differ && self.serial == SerialMatch::Unknown => bits::MAC_DIFFERS,
            0 if self.macs_differ => 0.3 * bits::MAC_DIFFERS,
            0 => 0.0,
            n => bits::MAC + bits::MAC_MORE * f32::from(n.min(3) - 1),
        }
    }

    /// A stable identifier agrees: what an automatic match needs.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.serial == SerialMatch::Same || self.uuid == Some(true)
    }

    /// Identifiers say different things.
    #[must_use]
    pub fn contradicts(&self) -> bool {
        let differs = self.serial == SerialMatch::Differs || self.uuid == Some(false);
        let agrees = self.macs > 0 || self.uuid == Some(true) || self.serial == SerialMatch::Same;
        differs && agrees
    }
}
