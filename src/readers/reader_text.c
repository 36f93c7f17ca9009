/* reader_text: text and numbers of headers, from bytes that may hold anything. */
#include "reader_priv.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at `bytes`, 0 where it is none (Unicode 15, table 3-7). */
static size_t utf8_sequence(const uint8_t *bytes, size_t n) {
  uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
  if (length == 0 || length > n) return 0;
  uint8_t low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (bytes[1] < low || bytes[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if ((bytes[i] & 0xC0) != 0x80) return 0;
  return length;
}

static bool utf8_valid(const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n;) {
    size_t length = utf8_sequence(bytes + i, n - i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

/* What stands for a control character: a blank for C0 and DEL, '?' for C1 (as UTF-8 or latin-1), which
   in a header is rather a letter of an unknown encoding; 0 where it is none. */
static uint8_t instead_of_control(const uint8_t *sequence, size_t length, bool utf8) {
  if (sequence[0] < 0x20 || sequence[0] == 0x7F) return ' ';
  if (!utf8) return sequence[0] >= 0x80 && sequence[0] < 0xA0 ? '?' : 0;
  return length == 2 && sequence[0] == 0xC2 && sequence[1] < 0xA0 ? '?' : 0;
}

void evl_text_utf8(const uint8_t *bytes, size_t n, char *text, size_t size) {
  bool utf8 = utf8_valid(bytes, n);
  size_t used = 0;
  for (size_t i = 0; i < n;) {
    size_t length = utf8 ? utf8_sequence(bytes + i, n - i) : 1;
    uint8_t out[4];
    size_t out_length = length;
    memcpy(out, bytes + i, length);
    uint8_t instead = instead_of_control(bytes + i, length, utf8);
    if (instead) {
      out[0] = instead;
      out_length = 1;
    } else if (!utf8 && bytes[i] >= 0x80) {
      out[0] = (uint8_t)(0xC0 | bytes[i] >> 6);
      out[1] = (uint8_t)(0x80 | (bytes[i] & 0x3F));
      out_length = 2;
    }
    if (used + out_length >= size) break;
    memcpy(text + used, out, out_length);
    used += out_length;
    i += length;
  }
  while (used > 0 && text[used - 1] == ' ') used--;
  text[used] = 0;
}

double evl_unit_microvolt(const char *unit) {
  static const struct { const char *name; double factor; } known[] = {
    {"uv", 1.0}, {"mv", 1e3}, {"v", 1e6}, {"nv", 1e-3}, {"microvolt", 1.0}, {"millivolt", 1e3}, {"volt", 1e6},
  };
  char plain[16];
  size_t n = 0;
  for (const char *c = unit; *c; c++) {
    char letter = *c;
    if (letter == ' ') continue;
    /* the micro sign and the Greek mu */
    if ((c[0] == '\xC2' && c[1] == '\xB5') || (c[0] == '\xCE' && c[1] == '\xBC')) {
      letter = 'u';
      c++;
    }
    if (letter >= 'A' && letter <= 'Z') letter = (char)(letter - 'A' + 'a');
    if (n + 1 == sizeof plain) return 0.0;
    plain[n++] = letter;
  }
  plain[n] = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(plain, known[i].name) == 0) return known[i].factor;
  return 0.0;
}

/* ---- numbers ---- */

/* (-1)^negative * mantissa * 10^exponent, from text. */
typedef struct decimal {
  uint64_t mantissa;
  int exponent, whole_digits; /* digits in front of the point that a mantissa of 15 has no room for, too */
  bool negative, lost;        /* digits other than the mantissa's */
} decimal;

enum { MOST_DIGITS = 15 };
static const uint64_t FULL = 1000000000000000000; /* one digit more fits */

static inline bool digit_of(const char *c, const char *end, unsigned *digit) {
  return c < end && (*digit = (unsigned)(uint8_t)*c - '0') <= 9;
}

/* The 10 behind "e"; where it ends, NULL where there are no digits. */
static const char *scan_exponent(const char *c, const char *end, int *exponent) {
  bool down = c < end && *c == '-';
  int e = 0;
  unsigned digit;
  if (c < end && (*c == '-' || *c == '+')) c++;
  if (!digit_of(c, end, &digit)) return NULL;
  for (; digit_of(c, end, &digit); c++)
    if (e < 100000) e = 10 * e + (int)digit;
  *exponent += down ? -e : e;
  return c;
}

static const char *scan_decimal(const char *c, const char *end, decimal *d) {
  uint64_t mantissa = 0;
  int exponent = 0;
  unsigned digit;
  bool lost = false;
  d->negative = c < end && *c == '-';
  if (c < end && (*c == '-' || *c == '+')) c++;
  const char *first = c;
  for (; digit_of(c, end, &digit); c++) {
    if (mantissa < FULL) mantissa = 10 * mantissa + digit;
    else exponent++, lost = true;
  }
  const char *zeros = first;
  while (zeros < c && *zeros == '0') zeros++;
  d->whole_digits = (int)(c - zeros);
  ptrdiff_t digits = c - first;
  if (c < end && *c == '.') {
    const char *point = c++;
    for (; digit_of(c, end, &digit); c++) {
      if (mantissa < FULL) mantissa = 10 * mantissa + digit, exponent--;
      else lost = true;
    }
    digits += c - point - 1;
  }
  if (digits == 0) return NULL;
  if (c < end && (*c == 'e' || *c == 'E') && !(c = scan_exponent(c + 1, end, &exponent))) return NULL;
  d->mantissa = mantissa;
  d->exponent = exponent;
  d->lost = lost;
  return c;
}

/* A mantissa up to 2^53 and a power of ten up to 1e22 are both exact, so that one product or
   quotient is correctly rounded (Clinger 1990, doi:10.1145/93548.93557). */
static bool scale_decimal(const decimal *d, double *number) {
  static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (d->lost || d->mantissa > (uint64_t)1 << 53 || d->exponent < -22 || d->exponent > 22) return false;
  double x = (double)d->mantissa;
  x = d->exponent < 0 ? x / power[-d->exponent] : x * power[d->exponent];
  *number = d->negative ? -x : x;
  return true;
}

/* Any other decimal: the C library rounds correctly, too. */
static bool scale_long(const char *text, const char *end, double *number) {
  static locale_t plain;
  char copy[128];
  if (!plain) plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain || (size_t)(end - text) >= sizeof copy) return false;
  memcpy(copy, text, (size_t)(end - text));
  copy[end - text] = 0;
  *number = strtod_l(copy, NULL, plain);
  return isfinite(*number);
}

const char *evl_text_number(const char *text, const char *end, double *number) {
  decimal d;
  const char *stop = scan_decimal(text, end, &d);
  return stop && (scale_decimal(&d, number) || scale_long(text, stop, number)) ? stop : NULL;
}

bool evl_text_decimal(const char *text, size_t n, double *number) {
  const char *c = text, *end = text + n;
  decimal d;
  while (end > c && (end[-1] == ' ' || end[-1] == 0)) end--;
  while (c < end && *c == ' ') c++;
  if (scan_decimal(c, end, &d) != end || d.whole_digits > MOST_DIGITS) return false;
  if (scale_decimal(&d, number)) return true;
  int power = d.exponent;
  for (uint64_t m = d.mantissa; m >= 1000000000000000; m /= 10) power++; /* as of 15 digits */
  return power >= -22 && power <= 22 && scale_long(c, end, number);
}
