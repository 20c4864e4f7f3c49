//! Which shared libraries a program loads at its start: its ELF headers, and where the dynamic linker
//! looks. What it loads later (`dlopen`) is not known before it runs, and told by what it had mapped then.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

use super::interpreter;

/// The dynamic linker, and all libraries that a program and its libraries name; for a script those of
/// its interpreter, and the interpreter. Nothing for what is neither.
pub(crate) fn of(program: &Path) -> Vec<PathBuf> {
    let cache = fs::read("/etc/ld.so.cache").unwrap_or_default();
    let cached = cached(&cache);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut waiting = vec![program.to_owned()];
    while let Some(path) = waiting.pop() {
        for next in loaded(&path, &cached) {
            if seen.insert(next.clone()) {
                found.push(next.clone());
                waiting.push(next);
            }
        }
    }
    found
}

/// Whether a file holds code: a program or a library.
pub(super) fn is_program(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == elf::ELFMAG
}

/// What one file makes the kernel and the linker load.
fn loaded(path: &Path, cached: &[(String, PathBuf)]) -> Vec<PathBuf> {
    if let Some(words) = interpreter(path) {
        let home = path.parent().unwrap_or(Path::new("/"));
        return super::named(&words, home).into_iter().map(|(_, path)| path).collect();
    }
    let Some(Needs { linker, names, folders }) = fs::read(path).ok().and_then(|data| needs(&data))
    else {
        return Vec::new();
    };
    let origin = path.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
    let folders: Vec<PathBuf> = folders
        .iter()
        .flat_map(|list| list.split(':'))
        .map(|folder| folder.replace("$ORIGIN", &origin).replace("${ORIGIN}", &origin).into())
        .collect();
    let find = |name: &String| {
        let beside = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        let known = || cached.iter().find(|(of, _)| of == name).map(|(_, path)| path.clone());
        let usual = || {
            let folders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].into_iter();
            folders.map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
        };
        beside.or_else(known).or_else(usual)
    };
    linker.into_iter().chain(names.iter().filter_map(find)).collect()
}

/// What the headers of an ELF file ask for.
struct Needs {
    linker: Option<PathBuf>,
    names: Vec<String>,
    /// `DT_RPATH` and `DT_RUNPATH`.
    folders: Vec<String>,
}

/// `None` for what is no 64-bit ELF file.
fn needs(data: &[u8]) -> Option<Needs> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let linker = segments.iter().find_map(|of| of.interpreter(endian, data).ok()?);
    let entries = segments.iter().find_map(|of| of.dynamic(endian, data).ok()?).unwrap_or(&[]);
    let value = |tag| {
        let entry = entries.iter().find(|entry| entry.d_tag.get(endian) == tag)?;
        Some(entry.d_val.get(endian))
    };
    // The strings lie at an address; the segment that holds it says where that is in the file.
    let strings = value(elf::DT_STRTAB)
        .and_then(|address| {
            segments.iter().find_map(|of| {
                let start = of.p_vaddr(endian);
                let inside = (start..start + of.p_filesz(endian)).contains(&address);
                inside.then(|| of.p_offset(endian) + (address - start))
            })
        })
        .and_then(|offset| data.get(offset as usize..))
        .unwrap_or(&[]);
    let string = |offset: u64| {
        let rest = strings.get(offset as usize..)?;
        Some(text(&rest[..rest.iter().position(|byte| *byte == 0)?]))
    };
    let all = |tag| {
        let of_tag = entries.iter().filter(move |entry| entry.d_tag.get(endian) == tag);
        of_tag.filter_map(|entry| string(entry.d_val.get(endian))).collect::<Vec<_>>()
    };
    Some(Needs {
        linker: linker.map(|path| PathBuf::from(text(path))),
        names: all(elf::DT_NEEDED),
        folders: [all(elf::DT_RPATH), all(elf::DT_RUNPATH)].concat(),
    })
}

/// The entries of the dynamic linker's cache (glibc, `sysdeps/generic/dl-cache.h`): library and path.
fn cached(cache: &[u8]) -> Vec<(String, PathBuf)> {
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER_BYTES: usize = 48;
    const ENTRY_BYTES: usize = 24;
    let Some(start) = cache.windows(MAGIC.len()).position(|at| at == MAGIC) else {
        return Vec::new();
    };
    let cache = &cache[start..];
    let number = |at: usize| {
        cache.get(at..at + 4).map(|of| u32::from_ne_bytes(of.try_into().expect("four bytes")))
    };
    let string = |at: u32| {
        let rest = cache.get(at as usize..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    };
    let count = number(MAGIC.len()).unwrap_or(0) as usize;
    (0..count)
        .map_while(|index| {
            let entry = HEADER_BYTES + index * ENTRY_BYTES;
            Some((string(number(entry + 4)?)?, PathBuf::from(string(number(entry + 8)?)?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_and_the_libraries_of_this_very_program_are_found() {
        let found = of(&std::env::current_exe().unwrap());
        // What the kernel says is mapped is what must be found.
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for line in maps.lines().filter(|line| line.contains(".so")) {
            let path = Path::new(line.split_whitespace().last().unwrap());
            let is_found = |of: &PathBuf| of.canonicalize().ok() == path.canonicalize().ok();
            assert!(found.iter().any(is_found), "{line}: {found:?}");
        }
        assert!(!found.is_empty());
    }

    #[test]
    fn damage_finds_less_and_does_not_panic() {
        let program = fs::read(std::env::current_exe().unwrap()).unwrap();
        for cut in [0, 3, 63, 64, 100, 1000] {
            drop(needs(&program[..cut]));
        }
        let cache = fs::read("/etc/ld.so.cache").unwrap_or_default();
        let whole = cached(&cache).len();
        assert!(cached(&cache[..cache.len() / 2]).len() <= whole);
        assert!(cached(b"glibc-ld.so.cache1.1\xff\xff\xff\xff").is_empty());
    }
}
