//! Which file system a folder is on.
//!
//! SQLite's write-ahead log keeps its index in memory that all connections share, and its locks in
//! the file system. Over a network neither can be relied on.

use std::{io, path::Path};

/// Types of file systems whose files are on another machine, as Linux names them.
const NETWORK: [&str; 16] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];
/// The same for those that a program in user space serves, after `fuse.`.
const NETWORK_FUSE: [&str; 12] = [
    "ceph-fuse",
    "davfs2",
    "gcsfuse",
    "glusterfs",
    "goofys",
    "juicefs",
    "mount-s3",
    "rclone",
    "s3fs",
    "smbnetfs",
    "sshfs",
    "weed",
];

/// Refuses a folder for the database that is on another machine. Where the system does not tell, it
/// is believed to be on this one.
pub fn check(folder: &Path) -> io::Result<()> {
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else {
        return Ok(());
    };
    let folder = folder.canonicalize()?;
    match kind_of(&mounts, &folder).filter(|kind| is_network(kind)) {
        None => Ok(()),
        Some(kind) => Err(io::Error::other(format!(
            "{}: SQLite is not safe on a network file system ({kind}); name a folder on a disk of \
             this machine with EDUCRM_DATA_DIR, or use PostgreSQL",
            folder.display()
        ))),
    }
}

fn is_network(kind: &str) -> bool {
    match kind.strip_prefix("fuse.") {
        Some(program) => NETWORK_FUSE.contains(&program),
        None => NETWORK.contains(&kind),
    }
}

/// The type of the file system that a path without links is on, by the text of
/// `/proc/self/mountinfo`. The longest mount point counts, and of equal ones the last, which lies on
/// top.
fn kind_of<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((mount, source)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (mount.split(' ').nth(4), source.split(' ').next()) else {
            continue;
        };
        let point = unescaped(point);
        if path.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind)
}

/// With the characters in place that the list writes as `\040`.
fn unescaped(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(point.to_owned(), |text, (code, character)| {
        text.replace(code, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 28 0:21 / /proc rw,nosuid - proc proc rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 28 0:40 / /srv rw shared:20 master:3 - nfs4 store:/srv rw,vers=4.2
41 40 8:2 / /srv/local rw - xfs /dev/sdb1 rw
42 28 0:42 / /home/school\\040office rw - cifs //office/share rw
43 28 0:43 / /mnt/key rw - fuse.sshfs school@far: rw
44 28 0:44 / /mnt/vault rw - fuse.gocryptfs /secret rw
45 28 0:45 / /data rw - ext4 /dev/sdc1 rw
46 45 0:46 / /data rw - nfs store:/data rw
garbage
";

    fn kind(path: &str) -> &'static str {
        kind_of(MOUNTS, Path::new(path)).unwrap()
    }

    #[test]
    fn the_innermost_mount_tells_the_type() {
        for (path, expected) in [
            ("/var/lib/educrm", "ext4"),
            ("/srv/educrm", "nfs4"),
            ("/srv", "nfs4"),
            ("/srvice", "ext4"),
            ("/srv/local/educrm", "xfs"),
            ("/srv/localhost", "nfs4"),
            ("/home/school office/data", "cifs"),
            ("/mnt/key", "fuse.sshfs"),
            // Of two at one point, the last is seen.
            ("/data/educrm", "nfs"),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
        assert_eq!(kind_of("", Path::new("/")), None);
    }

    #[test]
    fn what_is_on_another_machine_is_known_by_its_type() {
        for (path, expected) in [
            ("/var/lib/educrm", false),
            ("/srv/local", false),
            ("/mnt/vault", false),
            ("/srv/educrm", true),
            ("/home/school office", true),
            ("/mnt/key", true),
            ("/data", true),
        ] {
            assert_eq!(is_network(kind(path)), expected, "{path}");
        }
        for kind in ["9p", "smb3", "ceph", "fuse.s3fs"] {
            assert!(is_network(kind), "{kind}");
        }
        for kind in [
            "ext4",
            "btrfs",
            "tmpfs",
            "overlay",
            "zfs",
            "fuse",
            "fuse.ntfs-3g",
        ] {
            assert!(!is_network(kind), "{kind}");
        }
    }

    #[test]
    fn a_folder_of_this_machine_is_taken() {
        check(&std::env::temp_dir()).unwrap();
    }
}
