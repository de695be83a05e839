//! Reads the header of a shared library, so that a file which is none, is cut short or was built for
//! another machine is refused before the dynamic loader sees it: the loader would crash on the first,
//! be killed on the second and name the wrong reason on the third.

/// Why a file is no shared library for this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It does not begin like one.
    #[error("not a shared library (no ELF header)")]
    NotElf,
    /// It has no byte.
    #[error("empty file")]
    Empty,
    /// Another machine's.
    #[error("built for another machine ({0})")]
    Machine(String),
    /// An executable or an object file.
    #[error("an ELF file, but not a shared library ({0})")]
    Type(&'static str),
    /// A part lies beyond the end of the file.
    #[error("truncated: {part} ends at byte {end}, the file has {len}")]
    Truncated {
        /// What lies beyond.
        part: &'static str,
        /// Where it should end.
        end: u64,
        /// Length of the file.
        len: u64,
    },
    /// The header contradicts itself.
    #[error("damaged ELF header: {0}")]
    Damaged(&'static str),
}

const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const SHARED_LIBRARY: u16 = 3;
const LOADABLE: u32 = 1;
const SECTION_WITHOUT_BYTES: u32 = 8;
const SIZE_OF_HEADER: usize = 64;
const SIZE_OF_SEGMENT: u16 = 56;
const SIZE_OF_SECTION: u16 = 64;

const MACHINES: [(u16, &str, &str); 8] = [
    (62, "x86-64", "x86_64"),
    (183, "AArch64", "aarch64"),
    (243, "RISC-V", "riscv64"),
    (258, "LoongArch", "loongarch64"),
    (21, "PowerPC 64", "powerpc64"),
    (22, "IBM S/390", "s390x"),
    (40, "32-bit ARM", "arm"),
    (3, "32-bit x86", "x86"),
];

/// Checks that the bytes are a whole shared library for this machine.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(bytes: &[u8]) -> Result<(), ElfError> {
    if bytes.is_empty() {
        return Err(ElfError::Empty);
    }
    let magic = &bytes[..bytes.len().min(4)];
    if magic != &b"\x7fELF"[..magic.len()] || bytes.len() < 4 {
        return Err(ElfError::NotElf);
    }
    let file = Elf(bytes);
    if bytes.len() < SIZE_OF_HEADER {
        return Err(file.truncated("the header", SIZE_OF_HEADER as u64));
    }
    file.check_machine()?;
    match file.u16(16) {
        SHARED_LIBRARY => {}
        1 => return Err(ElfError::Type("an object file")),
        2 => return Err(ElfError::Type("an executable")),
        4 => return Err(ElfError::Type("a core dump")),
        _ => return Err(ElfError::Type("of an unknown type")),
    }
    file.check_segments()?;
    file.check_sections()
}

/// Little-endian 64-bit ELF; offsets are those of the specification. Reads are within the header,
/// whose size was checked, or within tables that were.
struct Elf<'a>(&'a [u8]);

impl Elf<'_> {
    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0[at..at + N].try_into().expect("a slice of N bytes")
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.field(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.field(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.field(at))
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn truncated(&self, part: &'static str, end: u64) -> ElfError {
        ElfError::Truncated { part, end, len: self.len() }
    }

    fn check_machine(&self) -> Result<(), ElfError> {
        let (class, order) = (self.0[4], self.0[5]);
        if !matches!(class, 1 | 2) || !matches!(order, 1 | 2) || self.0[6] != 1 {
            return Err(ElfError::Damaged("class, byte order or version is unknown"));
        }
        let raw: [u8; 2] = self.field(18);
        let code = if order == 1 { u16::from_le_bytes(raw) } else { u16::from_be_bytes(raw) };
        let known = MACHINES.iter().find(|(number, ..)| *number == code);
        let ours = known.is_some_and(|(.., arch)| *arch == std::env::consts::ARCH);
        if class == CLASS_64 && order == LITTLE_ENDIAN && ours {
            return Ok(());
        }
        let name =
            known.map_or_else(|| format!("number {code}"), |(_, name, _)| (*name).to_owned());
        let bits = if class == CLASS_64 { 64 } else { 32 };
        let end = if order == LITTLE_ENDIAN { "little" } else { "big" };
        Err(ElfError::Machine(format!("{name}, {bits} bits, {end}-endian")))
    }

    /// Where a table of `count` entries begins, when all of it is within the file.
    fn table(
        &self,
        part: &'static str,
        offset: u64,
        count: u16,
        size: (u16, u16),
    ) -> Result<usize, ElfError> {
        let (found, expected) = size;
        if found != expected {
            return Err(ElfError::Damaged("an entry of a table has another size"));
        }
        let length = u64::from(count) * u64::from(found);
        let end = offset.checked_add(length).ok_or(ElfError::Damaged("a table has no end"))?;
        if end > self.len() {
            return Err(self.truncated(part, end));
        }
        Ok(usize::try_from(offset).expect("within the file, which is in memory"))
    }

    fn check_within(&self, part: &'static str, offset: u64, size: u64) -> Result<(), ElfError> {
        let end = offset.checked_add(size).ok_or(ElfError::Damaged("a part has no end"))?;
        if end > self.len() { Err(self.truncated(part, end)) } else { Ok(()) }
    }

    fn check_segments(&self) -> Result<(), ElfError> {
        let (offset, count) = (self.u64(32), self.u16(56));
        let first =
            self.table("the table of segments", offset, count, (self.u16(54), SIZE_OF_SEGMENT))?;
        let mut loadable = false;
        for at in (0..usize::from(count)).map(|i| first + i * usize::from(SIZE_OF_SEGMENT)) {
            loadable |= self.u32(at) == LOADABLE;
            let (file_offset, in_file, in_memory) =
                (self.u64(at + 8), self.u64(at + 32), self.u64(at + 40));
            self.check_within("a segment", file_offset, in_file)?;
            if self.u32(at) == LOADABLE && in_memory < in_file {
                return Err(ElfError::Damaged("a segment is larger in the file than in memory"));
            }
        }
        if loadable { Ok(()) } else { Err(ElfError::Damaged("there is nothing to load")) }
    }

    fn check_sections(&self) -> Result<(), ElfError> {
        let (offset, count) = (self.u64(40), self.u16(60));
        if offset == 0 || count == 0 {
            return Ok(());
        }
        let first =
            self.table("the table of sections", offset, count, (self.u16(58), SIZE_OF_SECTION))?;
        for at in (0..usize::from(count)).map(|i| first + i * usize::from(SIZE_OF_SECTION)) {
            let kind = self.u32(at + 4);
            if kind != SECTION_WITHOUT_BYTES && kind != 0 {
                self.check_within("a section", self.u64(at + 24), self.u64(at + 32))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of this very test program: an ELF file for this machine, though not of the right type
    /// unless it is position-independent, which it is.
    fn program() -> Vec<u8> {
        std::fs::read("/proc/self/exe").unwrap()
    }

    #[test]
    fn a_whole_library_passes_and_a_shortened_one_never_does() {
        let bytes = program();
        assert_eq!(check(&bytes), Ok(()));
        for i in 0..150 {
            let cut = &bytes[..bytes.len() * i / 150];
            assert!(check(cut).is_err(), "cut at {}", cut.len());
        }
        assert!(matches!(check(&bytes[..bytes.len() - 1]), Err(ElfError::Truncated { .. })));
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        assert_eq!(check(b""), Err(ElfError::Empty));
        assert_eq!(check(b"#!/bin/sh"), Err(ElfError::NotElf));
        assert_eq!(check(b"\x7fEL"), Err(ElfError::NotElf));
        let mut bytes = program();
        bytes[18..20].copy_from_slice(&8u16.to_le_bytes());
        let refusal = check(&bytes).unwrap_err().to_string();
        assert_eq!(refusal, "built for another machine (number 8, 64 bits, little-endian)");
        bytes[4] = 1;
        bytes[18..20].copy_from_slice(&40u16.to_le_bytes());
        let refusal = check(&bytes).unwrap_err().to_string();
        assert_eq!(refusal, "built for another machine (32-bit ARM, 32 bits, little-endian)");
        bytes[4] = 9;
        assert!(matches!(check(&bytes), Err(ElfError::Damaged(_))));
    }

    #[test]
    fn no_header_makes_the_check_itself_fail() {
        let bytes = program();
        for at in 0..SIZE_OF_HEADER {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes[..4096].to_vec();
                changed[at] = value;
                let _ = check(&changed);
            }
        }
    }
}
