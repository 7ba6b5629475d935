use super::Why;

/// Bytes that are read from the front; where they end too early the file is broken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], Why> {
        let (head, tail) = self.0.split_at_checked(n_bytes).ok_or(Why::Broken)?;
        self.0 = tail;
        Ok(head)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Why> {
        self.take(N)?.try_into().map_err(|_| Why::Broken)
    }

    pub fn u8(&mut self) -> Result<u8, Why> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub fn u16_be(&mut self) -> Result<u16, Why> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32_be(&mut self) -> Result<u32, Why> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64_be(&mut self) -> Result<u64, Why> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub fn u16_le(&mut self) -> Result<u16, Why> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32_le(&mut self) -> Result<u32, Why> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// 24 bits, the lowest byte first.
    pub fn u24_le(&mut self) -> Result<u32, Why> {
        let [a, b, c] = self.array()?;
        Ok(u32::from_le_bytes([a, b, c, 0]))
    }
}

/// A length of the file's own, as an index.
pub(super) fn size(length: u32) -> Result<usize, Why> {
    usize::try_from(length).map_err(|_| Why::Broken)
}
