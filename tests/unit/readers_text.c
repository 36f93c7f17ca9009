/* Numbers and text of headers: against strtod, and by hand. */
#include "../src/readers/reader_priv.h"
#include "../src/readers/tal_priv.h"

#include "check.h"

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void decimals_like_strtod(void) {
  uint32_t state = 7;
  static const char *shape[] = {"%.0f", "%.1f", "%.3f", "%.6f", "%.3e", "%.5E", "%+.2f", " %g "};
  for (int i = 0; i < 200000; i++) {
    char text[64];
    double value = ((double)next_random(&state) - 8388608.0) / (1 << (next_random(&state) % 24)), found = NAN;
    int n = snprintf(text, sizeof text, shape[next_random(&state) % 8], value);
    CHECK(evl_text_decimal(text, (size_t)n, &found) && found == strtod(text, NULL));
    if (check_failures) {
      printf("# %s\n", text);
      return;
    }
  }
}

static void what_is_no_decimal(void) {
  static const char *bad[] = {"", " ", "+", "-", ".", "e5", "1e", "1e+", "nan", "inf", "0x10", "1,5", "1 2", "1.2.3",
                              "--1", "1-", "1e99", "1234567890123456"};
  double number;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK(!evl_text_decimal(bad[i], strlen(bad[i]), &number));
    if (check_failures) printf("# %s\n", bad[i]);
  }
  CHECK(evl_text_decimal("5\0\0 ", 4, &number) && number == 5.0);
  CHECK(evl_text_decimal("-.5", 3, &number) && number == -0.5);
  CHECK(evl_text_decimal("0.33333333333333333333", 22, &number) && fabs(number - 1.0 / 3.0) < 1e-14);
}

/* Numbers of any length and size, with something behind them. */
static void numbers_like_strtod(void) {
  uint32_t state = 11;
  static const char *shape[] = {"%.17g;", "%.18e\t", "%.25f,", "%.3f ", "%.0f\n", "%+.15E"};
  for (int i = 0; i < 200000; i++) {
    char text[512];
    double value = ldexp((double)next_random(&state) - 8388608.0, (int)(next_random(&state) % 200) - 120), found = NAN;
    int n = snprintf(text, sizeof text, shape[next_random(&state) % 6], value);
    char *end;
    double expected = strtod(text, &end);
    if (end - text >= 128) continue;
    CHECK(evl_text_number(text, text + n, &found) == end && found == expected);
    if (check_failures) {
      printf("# %s\n", text);
      return;
    }
  }
  static const char *bad[] = {"", "-", ".", "e5", "nan", "inf", ",5", "1e999", " 1"};
  double number;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!evl_text_number(bad[i], bad[i] + strlen(bad[i]), &number));
  const char *hexadecimal = "0x10", *cut = "12e";
  CHECK(evl_text_number(hexadecimal, hexadecimal + 4, &number) == hexadecimal + 1);
  CHECK(!evl_text_number(cut, cut + 3, &number));
}

static void text_is_valid(void) {
  char text[8];
  evl_text_utf8((const uint8_t *)"abcdef\xC3\xA9", 8, text, sizeof text);
  CHECK_TEXT(text, "abcdef"); /* never half a character */
  evl_text_utf8((const uint8_t *)"\xC3", 1, text, sizeof text);
  CHECK_TEXT(text, "\xC3\x83");
  evl_text_utf8((const uint8_t *)"\xED\xA0\x80", 3, text, sizeof text); /* a surrogate is no character */
  CHECK_TEXT(text, "\xC3\xAD\xC2\xA0?");
  evl_text_utf8((const uint8_t *)"a\0b\x7F", 4, text, sizeof text);
  CHECK_TEXT(text, "a b");
}

static void onsets(void) {
  double onset = NAN;
  CHECK(evl_tal_onset((const uint8_t *)"+12.5\x14\x14", 7, &onset) == 6 && onset == 12.5);
  CHECK(evl_tal_onset((const uint8_t *)"-3\x15" "1\x14", 5, &onset) == 3 && onset == -3.0);
  CHECK(evl_tal_onset((const uint8_t *)"+12.5", 5, &onset) == 0);
  CHECK(evl_tal_onset((const uint8_t *)"12\x14", 3, &onset) == 0);
  CHECK(evl_tal_onset((const uint8_t *)"+1.2.3\x14", 7, &onset) == 0);
  CHECK(evl_tal_onset((const uint8_t *)"+\x14\x14", 3, &onset) == 0);
  CHECK(evl_tal_onset((const uint8_t *)"+123456789012345678901234567890123\x14", 35, &onset) == 0);
}

int main(void) {
  RUN(decimals_like_strtod);
  RUN(what_is_no_decimal);
  RUN(numbers_like_strtod);
  RUN(text_is_valid);
  RUN(onsets);
  CHECK_DONE();
}
