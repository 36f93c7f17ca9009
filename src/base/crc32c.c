/* crc32c: Castagnoli polynomial (RFC 3720, B.4), by the SSE 4.2 instruction where the baseline has it. */
#include <string.h>
#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include "eveil/base.h"

uint32_t evl_crc32c(uint32_t crc, const void *data, size_t bytes) {
  const uint8_t *p = data;
  crc = ~crc;
#ifdef __SSE4_2__
  uint64_t wide = crc;
  for (; bytes >= 8; bytes -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  for (; bytes; bytes--) crc = _mm_crc32_u8(crc, *p++);
#else
  for (; bytes; bytes--) {
    crc ^= *p++;
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
#endif
  return ~crc;
}
