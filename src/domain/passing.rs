//! What changes of a device by itself all day: battery, free disk, whether it is online, when it was last heard of.
//!
//! A record that differs in nothing else is the same record: it is not written again, no queue moves because of it. The
//! day of the last contact counts, so that each device in use is renewed once a day, with all these values; any other
//! change brings them along as well.

use super::{Record, Timestamp};

/// The values that do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Passing {
    last_seen: Option<Timestamp>,
    battery_percent: Option<f64>,
    battery_charging: Option<bool>,
    disk_free_gb: Option<f64>,
    online: Option<bool>,
}

impl Record {
    /// Looks at the record without what changes by itself all day: of the last contact only the day (UTC) is there.
    pub fn without_passing<T>(&mut self, look: impl FnOnce(&Record) -> T) -> T {
        let Some(kept) = self.swap_passing(Passing::default()) else { return look(self) };
        let day = kept.last_seen.map(|at| at.replace_time(time::Time::MIDNIGHT));
        self.swap_passing(Passing { last_seen: day, ..Passing::default() });
        let found = look(self);
        self.swap_passing(kept);
        found
    }

    /// Puts these in and returns those that were there; `None` for records that have none.
    fn swap_passing(&mut self, new: Passing) -> Option<Passing> {
        let Record::Device(device) = self else { return None };
        let details = &mut device.details;
        Some(Passing {
            last_seen: std::mem::replace(&mut device.last_seen, new.last_seen),
            battery_percent: std::mem::replace(&mut details.battery.percent, new.battery_percent),
            battery_charging: std::mem::replace(&mut details.battery.charging, new.battery_charging),
            disk_free_gb: std::mem::replace(&mut details.hardware.disk_free_gb, new.disk_free_gb),
            online: std::mem::replace(&mut details.system.online, new.online),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Device;
    use time::macros::datetime;

    fn device(change: impl FnOnce(&mut Device)) -> Record {
        let mut device = Device::new("1", "Mac");
        device.last_seen = Some(datetime!(2026-03-02 10:00 UTC));
        device.details.battery.percent = Some(80.0);
        device.details.hardware.disk_total_gb = Some(500.0);
        change(&mut device);
        Record::Device(Box::new(device))
    }

    /// Whether both look the same without it; both are as before afterwards.
    fn same(mut a: Record, mut b: Record) -> bool {
        let (whole_a, whole_b) = (a.clone(), b.clone());
        let same = a.without_passing(Clone::clone) == b.without_passing(Clone::clone);
        assert_eq!((&a, &b), (&whole_a, &whole_b), "all values are back");
        same
    }

    #[test]
    fn what_changes_all_day_does_not_count_and_the_rest_does() {
        let later = device(|d| {
            d.last_seen = Some(datetime!(2026-03-02 23:59 UTC));
            d.details.battery.percent = Some(12.0);
            d.details.battery.charging = Some(true);
            d.details.hardware.disk_free_gb = Some(3.0);
            d.details.system.online = Some(true);
        });
        assert!(same(device(|_| {}), later));
        assert!(!same(device(|_| {}), device(|d| d.last_seen = Some(datetime!(2026-03-03 00:00 UTC)))));
        assert!(!same(device(|_| {}), device(|d| d.last_seen = None)));
        assert!(!same(device(|_| {}), device(|d| d.details.hardware.disk_total_gb = Some(1000.0))));
        assert!(!same(device(|_| {}), device(|d| d.details.battery.cycles = Some(1))));
    }
}
