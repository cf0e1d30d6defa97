//! Where files live: one directory that the person names, or the platform's own places.

use crate::domain::{Failure, FailureClass};
use std::path::{Path, PathBuf};

/// Environment variable that puts everything under one directory.
pub const HOME_VARIABLE: &str = "MATCHBOOK_HOME";

/// Every place that matchbook writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`.
    pub config: PathBuf,
    /// The vault.
    pub vault: PathBuf,
    /// The key that opens the vault.
    pub vault_key: PathBuf,
    /// Directory of the store.
    pub store: PathBuf,
    /// Directory of the log files.
    pub logs: PathBuf,
    /// Directory of the backups.
    pub backups: PathBuf,
    /// Directory of the person's own mapping files.
    pub mappings: PathBuf,
}

impl Paths {
    /// The directory given (`--home`), else the one that [`HOME_VARIABLE`] names, else the platform's places.
    ///
    /// # Errors
    /// `Local` when the platform does not say where a user's files belong.
    pub fn discover(home_override: Option<&Path>) -> Result<Paths, Failure> {
        let variable = std::env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        match home_override.map(Path::to_owned).or(variable) {
            Some(home) => Ok(Self::in_home(&std::path::absolute(&home).unwrap_or(home))),
            None => Self::of_platform(),
        }
    }

    /// Everything under one directory.
    #[must_use]
    pub fn in_home(home: &Path) -> Paths {
        Self::under(home, home, home)
    }

    fn of_platform() -> Result<Paths, Failure> {
        let Some(places) = directories::ProjectDirs::from("", "", "matchbook") else {
            return Err(Failure::new(
                FailureClass::Local,
                "the user's home directory is not known",
                format!("set {HOME_VARIABLE} to a directory for matchbook's files"),
            ));
        };
        let state = places.state_dir().unwrap_or_else(|| places.data_local_dir());
        Ok(Self::under(places.config_dir(), places.data_local_dir(), state))
    }

    fn under(config: &Path, data: &Path, state: &Path) -> Paths {
        Paths {
            config: config.join("config.toml"),
            vault: config.join("secrets.age"),
            vault_key: config.join("vault.key"),
            store: data.join("store"),
            logs: state.join("logs"),
            backups: data.join("backups"),
            mappings: config.join("connectors"),
        }
    }

    /// Makes the directories, for the owner only (0700). Directories above matchbook's own keep their mode.
    ///
    /// # Errors
    /// `Local` when one cannot be made or belongs to someone else.
    pub fn create(&self) -> Result<(), Failure> {
        let parents = [&self.config, &self.store].into_iter().filter_map(|path| path.parent());
        let own = [&self.store, &self.logs, &self.backups, &self.mappings].into_iter().map(PathBuf::as_path);
        parents.chain(own).try_for_each(create_private)
    }
}

fn create_private(dir: &Path) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(
            FailureClass::Local,
            format!("making the directory {} failed: {e}", dir.display()),
            format!("make it yourself, or set {HOME_VARIABLE} to a directory that you own"),
        )
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn directories_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o755)).unwrap();
        let paths = Paths::discover(Some(&home)).unwrap();
        paths.create().unwrap();
        paths.create().unwrap();
        for made in [&home, &paths.store, &paths.logs, &paths.backups, &paths.mappings] {
            let mode = std::fs::metadata(made).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o700, "{}", made.display());
        }
        assert!(!paths.config.exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("store"), "").unwrap();
        let failure = Paths::in_home(dir.path()).create().unwrap_err();
        assert!(failure.what.contains("store") && failure.remedy.contains(HOME_VARIABLE), "{failure}");
    }
}
