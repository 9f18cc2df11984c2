//! Both ways of opening: what is beneath the root and a regular file, and nothing else.

use std::{
    fs,
    io::Read as _,
    os::unix::{fs::symlink, net::UnixListener},
    path::PathBuf,
    sync::atomic::AtomicBool,
    thread,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;
use crate::testing::nodes::make_pipe;

/// The kernel's own way, and the one of systems without it, which works here, too.
const WAYS: [Way; 2] = [beneath, step_by_step];

/// `allowed` with files, and things beside it that are not to be had.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for folder in ["allowed/sub", "allowed-evil"] {
            fs::create_dir_all(tree.path(folder)).unwrap();
        }
        tree.write("allowed/file", "inside");
        tree.write("allowed/sub/deep", "deep inside");
        tree.write("allowed-evil/secret", "outside");
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.path("allowed")
    }

    /// What is read of `name` by this way.
    fn read(&self, way: Way, name: &str) -> Result<String, Why> {
        open_by(way, &self.root(), name, FileAccess::Read).map(text)
    }

    #[track_caller]
    fn check(&self, name: &str, expected: Result<&str, Why>) {
        for (number, way) in WAYS.into_iter().enumerate() {
            let found = self.read(way, name);
            assert_eq!(
                found.as_deref(),
                expected.as_deref(),
                "{name} by way {number}"
            );
        }
    }
}

fn text(opened: Opened) -> String {
    let mut text = String::new();
    fs::File::from(opened.fd).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn v25_what_is_beneath_the_root_is_opened_and_a_sibling_is_not() {
    let tree = Tree::new();
    tree.check("file", Ok("inside"));
    tree.check("sub/deep", Ok("deep inside"));
    tree.check("./sub//deep", Ok("deep inside"));
    let sibling = tree.path("allowed-evil/secret");
    let names = [
        "../allowed-evil/secret",
        "sub/../file",
        sibling.to_str().unwrap(),
    ];
    names
        .iter()
        .for_each(|name| tree.check(name, Err(Why::Outside)));
    let names = ["none", "none/file", "file/file", &"x".repeat(300)];
    names
        .iter()
        .for_each(|name| tree.check(name, Err(Why::Missing)));
}

#[test]
fn v25_no_link_is_followed_whatever_it_points_to() {
    let tree = Tree::new();
    let links = [
        ("out", "../allowed-evil/secret"),
        ("absolute", "/etc/hostname"),
        ("dangling", "../allowed-evil/none"),
        ("inner", "file"),
        ("round", "round"),
        ("sub/out", "../../allowed-evil"),
    ];
    for (name, target) in links {
        symlink(target, tree.root().join(name)).unwrap();
        tree.check(name, Err(Why::Detour));
    }
    tree.check("sub/out/secret", Err(Why::Detour));
    tree.check("sub/out/none", Err(Why::Detour));
    // Nor is a mount passed.
    for way in WAYS {
        let found = open_by(way, Path::new("/"), "proc/version", FileAccess::Read);
        assert_eq!(found.map(text), Err(Why::Detour));
    }
}

#[test]
fn v25_of_ten_thousand_races_with_a_swap_none_reads_outside() {
    let tree = Tree::new();
    symlink("../allowed-evil/secret", tree.root().join("link")).unwrap();
    let (file, link) = (tree.root().join("file"), tree.root().join("link"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &file, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let found = |round: usize| tree.read(WAYS[round % 2], "file");
        let all: Vec<_> = (0..10_000).map(found).collect();
        done.store(true, Ordering::Relaxed);
        for one in all {
            assert!(
                matches!(one.as_deref(), Ok("inside") | Err(Why::Detour)),
                "{one:?}"
            );
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing else makes a socket everywhere"
)]
#[test]
fn v26_devices_pipes_sockets_and_folders_are_not_opened_and_nothing_hangs() {
    let tree = Tree::new();
    make_pipe(&tree.root().join("pipe"));
    let _listener = UnixListener::bind(tree.root().join("socket")).unwrap();
    let (root, dev) = (tree.root(), PathBuf::from("/dev"));
    let all = [
        (&root, "pipe"),
        (&root, "socket"),
        (&root, "sub"),
        (&root, "sub/"),
        (&root, "."),
        (&dev, "zero"),
    ];
    for (root, name) in all {
        for way in WAYS {
            for access in [FileAccess::Read, FileAccess::Write] {
                let found = open_by(way, root, name, access).map(drop);
                assert_eq!(found, Err(Why::Irregular), "{name} {access:?}");
            }
        }
    }
}

#[test]
fn a_file_with_a_second_name_is_read_and_not_written() {
    let tree = Tree::new();
    fs::hard_link(tree.path("allowed-evil/secret"), tree.root().join("same")).unwrap();
    tree.check("same", Ok("outside"));
    for way in WAYS {
        let write = |name| open_by(way, &tree.root(), name, FileAccess::Write).map(drop);
        assert_eq!(write("same"), Err(Why::Linked));
        assert_eq!(write("file"), Ok(()));
    }
}

#[test]
fn a_root_that_is_gone_is_for_the_operator() {
    let tree = Tree::new();
    for root in ["none", "allowed/file"] {
        let found = open(&tree.path(root), "file", FileAccess::Read).map(drop);
        assert_eq!(found, Err(Why::Broken), "{root}");
    }
}

#[test]
fn there_is_room_for_so_many_and_for_another_when_one_is_closed() {
    static HERE: AtomicUsize = AtomicUsize::new(0);
    let mut all: Vec<Room> = std::iter::from_fn(|| Room::take(&HERE)).collect();
    assert_eq!(all.len(), FILES_OPEN_MAX);
    all.pop();
    assert!(Room::take(&HERE).is_some());
}

#[test]
fn what_is_lent_begins_at_its_beginning_and_is_not_inherited_later() {
    let tree = Tree::new();
    let opened = open(&tree.root(), "file", FileAccess::Read).unwrap();
    let inherited = || {
        !rustix::io::fcntl_getfd(&opened.fd)
            .unwrap()
            .contains(FdFlags::CLOEXEC)
    };
    assert!(!inherited());
    seek(&opened.fd, SeekFrom::Start(3)).unwrap();
    opened.lend().unwrap();
    assert!(inherited());
    opened.take_back();
    assert!(!inherited());
    assert_eq!(text(opened), "inside");
}
