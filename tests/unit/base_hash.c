/* SHA-256 against the vectors of FIPS 180-4 and NIST's CAVP, by both code paths; CRC-32C against RFC 3720. */
#include "../../src/base/sha256.c" /* the paths are static: this copy stands in for the library's */
#include "check.h"

static void digest_of(const void *data, size_t bytes, size_t piece, char *text) {
  evl_sha256 hash;
  uint8_t digest[32];
  evl_sha256_begin(&hash);
  for (size_t at = 0; at < bytes; at += piece)
    evl_sha256_add(&hash, (const char *)data + at, bytes - at < piece ? bytes - at : piece);
  evl_sha256_end(&hash, digest);
  evl_hex(digest, 32, text);
}

static const struct { const char *text, *digest; } vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"}};

static void nist_vectors(void) {
  char text[65];
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    for (size_t piece = 1; piece <= 130; piece += 43) {
      digest_of(vectors[i].text, strlen(vectors[i].text), piece, text);
      CHECK_TEXT(text, vectors[i].digest);
    }
}

static void a_million_times_a(void) {
  enum { N = 1000000 };
  char text[65], *a = malloc(N);
  memset(a, 'a', N);
  for (size_t piece = 1; piece <= N; piece = piece == N ? N + 1 : piece * 10) {
    digest_of(a, N, piece, text);
    CHECK_TEXT(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
  free(a);
}

/* Lengths around the padding's edges: pieces of any size give the digest of the whole. */
static void pieces_do_not_matter(void) {
  uint8_t data[200];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 37 + 11);
  for (size_t n = 0; n <= sizeof data; n++) {
    char whole[65], pieces[65];
    digest_of(data, n, n + 1, whole);
    digest_of(data, n, n % 7 + 1, pieces);
    CHECK_TEXT(pieces, whole);
  }
}

static void plain_path_by_itself(void) {
  static const uint8_t block[64] = {'a', 'b', 'c', 0x80, [63] = 24};
  static const uint32_t expected[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                       0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  compress_plain(hash.state, block, 1);
  CHECK(!memcmp(hash.state, expected, sizeof expected));
}

static void both_paths_agree(void) {
#ifdef __x86_64__
  if (!has_sha()) SKIP("this processor has no SHA instructions");
  uint8_t data[64 * 9];
  uint32_t x = 12345;
  for (int round = 0; round < 200; round++) {
    size_t blocks = (size_t)round % 9 + 1;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
    evl_sha256 a, b;
    evl_sha256_begin(&a);
    b = a;
    compress_plain(a.state, data, blocks);
    compress_sha(b.state, data, blocks);
    CHECK(!memcmp(a.state, b.state, sizeof a.state));
  }
#else
  SKIP("the other path is for x86-64");
#endif
}

static void hex(void) {
  static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff, 0xa5};
  char text[13];
  evl_hex(bytes, sizeof bytes, text);
  CHECK_TEXT(text, "00017f80ffa5");
}

/* RFC 3720, B.4, and the check value of the polynomial's catalogue entry. */
static void crc32c_vectors(void) {
  uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
  static const uint8_t command[48] = {0x01,        0xc0,        [16] = 0x14, [22] = 0x04, [27] = 0x14,
                                      [31] = 0x18, [32] = 0x28, [40] = 0x02};
  memset(ones, 255, sizeof ones);
  for (int i = 0; i < 32; i++) {
    up[i] = (uint8_t)i;
    down[i] = (uint8_t)(31 - i);
  }
  CHECK(evl_crc32c(0, zeros, 32) == 0x8a9136aau);
  CHECK(evl_crc32c(0, ones, 32) == 0x62a8ab43u);
  CHECK(evl_crc32c(0, up, 32) == 0x46dd794eu);
  CHECK(evl_crc32c(0, down, 32) == 0x113fdb5cu);
  CHECK(evl_crc32c(0, command, 48) == 0xd9963a56u);
  CHECK(evl_crc32c(0, "123456789", 9) == 0xe3069283u);
  CHECK(evl_crc32c(0, "", 0) == 0);
}

/* The definition, bit by bit. */
static uint32_t crc_by_bits(const uint8_t *p, size_t n) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < n; i++) {
    crc ^= p[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static void crc32c_by_parts(void) {
  uint8_t data[101];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * i + 3);
  uint32_t whole = crc_by_bits(data, sizeof data);
  CHECK(evl_crc32c(0, data, sizeof data) == whole);
  for (size_t cut = 0; cut <= sizeof data; cut++)
    CHECK(evl_crc32c(evl_crc32c(0, data, cut), data + cut, sizeof data - cut) == whole);
}

int main(void) {
  RUN(nist_vectors);
  RUN(a_million_times_a);
  RUN(pieces_do_not_matter);
  RUN(plain_path_by_itself);
  RUN(both_paths_agree);
  RUN(hex);
  RUN(crc32c_vectors);
  RUN(crc32c_by_parts);
  CHECK_DONE();
}
