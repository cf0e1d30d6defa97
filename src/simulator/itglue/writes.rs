//! Creates, updates and deletes.

/// Attributes that few configurations have.
pub const RARE_FIELDS: [&str; 8] = [
    "default_gateway",
    "position",
    "installed_by",
    "purchased_by",
    "operating_system_notes",
    "warranty_expires_at",
    "installed_at",
    "purchased_at",
];
