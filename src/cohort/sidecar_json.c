/* JSON, as much of it as sidecars need: checked whole, values of the top level taken. */
#include "sidecar_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 64 };

typedef struct scan {
  const char *at;
  const char *problem;
} scan;

static bool fail(scan *s, const char *problem) {
  s->problem = problem;
  return false;
}

static void blanks(scan *s) { s->at += strspn(s->at, " \t\r\n"); }

static bool take(scan *s, char byte, const char *problem) {
  blanks(s);
  if (*s->at != byte) return fail(s, problem);
  s->at++;
  return true;
}

/* At the quote. Text between the quotes, escapes as written. */
static bool string(scan *s, const char **begin, size_t *length) {
  const char *p = *begin = s->at + 1;
  for (; *p != '"'; p++) {
    if ((unsigned char)*p < 0x20) return fail(s, *p ? "a control character in a string" : "a string that does not end");
    if (*p != '\\') continue;
    p++;
    if (*p == 'u') {
      if (strspn(p + 1, "0123456789abcdefABCDEF") < 4) return fail(s, "a \\u without four digits");
      p += 4;
    } else if (!*p || !strchr("\"\\/bfnrt", *p)) {
      return fail(s, "an unknown escape in a string");
    }
  }
  *length = (size_t)(p - *begin);
  s->at = p + 1;
  return true;
}

static const char *digits(const char *p) { return p + strspn(p, "0123456789"); }

static bool number(scan *s, double *value) {
  const char *p = s->at + (*s->at == '-'), *integer = p;
  p = digits(p);
  bool good = p > integer && (*integer != '0' || p == integer + 1);
  if (*p == '.') {
    good = good && digits(p + 1) > p + 1;
    p = digits(p + 1);
  }
  if (*p == 'e' || *p == 'E') {
    const char *exponent = p + (p[1] == '+' || p[1] == '-' ? 2 : 1);
    good = good && digits(exponent) > exponent;
    p = digits(exponent);
  }
  *value = strtod(s->at, NULL);
  if (!good || !isfinite(*value)) return fail(s, "a number of wrong form");
  s->at = p;
  return true;
}

static bool word(scan *s) {
  static const char *const words[] = {"true", "false", "null"};
  for (int i = 0; i < 3; i++) {
    size_t n = strlen(words[i]);
    if (strncmp(s->at, words[i], n) != 0) continue;
    s->at += n;
    return true;
  }
  return fail(s, "text that is no value");
}

static bool value(scan *s, int depth, evl_json_item *into);

static bool array(scan *s, int depth) {
  s->at++;
  blanks(s);
  if (*s->at == ']') return take(s, ']', NULL);
  for (;;) {
    if (!value(s, depth, NULL)) return false;
    blanks(s);
    if (*s->at == ']') return take(s, ']', NULL);
    if (!take(s, ',', "no ',' or ']' behind an element")) return false;
  }
}

/* Items are looked for in the outermost object alone. */
static bool object(scan *s, int depth, evl_json_item *item, int n) {
  s->at++;
  blanks(s);
  if (*s->at == '}') return take(s, '}', NULL);
  for (;;) {
    const char *key;
    size_t length;
    blanks(s);
    if (*s->at != '"') return fail(s, "no key in quotes");
    if (!string(s, &key, &length) || !take(s, ':', "no ':' behind a key")) return false;
    evl_json_item *wanted = NULL;
    for (int i = 0; i < n; i++)
      if (strlen(item[i].key) == length && memcmp(item[i].key, key, length) == 0) wanted = &item[i];
    if (wanted && wanted->found) return fail(s, "a key given twice");
    if (!value(s, depth, wanted)) return false;
    if (wanted) wanted->found = true;
    blanks(s);
    if (*s->at == '}') return take(s, '}', NULL);
    if (!take(s, ',', "no ',' or '}' behind a value")) return false;
  }
}

static bool value(scan *s, int depth, evl_json_item *into) {
  evl_json_item other;
  if (!into) into = &other;
  blanks(s);
  if (depth == DEEPEST) return fail(s, "more than 64 levels");
  if (*s->at == '{') return object(s, depth + 1, NULL, 0);
  if (*s->at == '[') return array(s, depth + 1);
  if (*s->at == '"') return string(s, &into->string, &into->length);
  if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) {
    into->is_number = true;
    return number(s, &into->number);
  }
  return word(s);
}

const char *evl_json_scan(const char *text, evl_json_item *item, int n, int *line) {
  scan s = {.at = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text};
  blanks(&s);
  if (*s.at != '{') s.problem = "no object";
  else if (object(&s, 1, item, n)) {
    blanks(&s);
    if (*s.at) s.problem = "text behind the object";
  }
  *line = 1;
  for (const char *p = text; p < s.at; p++) *line += *p == '\n';
  return s.problem;
}
