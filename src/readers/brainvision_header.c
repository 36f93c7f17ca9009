/* brainvision_header: [Section] and Key=Value lines; comments begin with ';', free text follows [Comment].

   Numbers that fail are refused, never guessed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "brainvision_priv.h"

enum { MOST_CHANNELS = 9999, CHANNEL_FIELDS = 4 };

typedef struct parser {
  evl_reader *reader;
  const char *key;        /* of the present line */
  bool binary, has_format, has_interval;
  bool *seen;             /* [channels] */
  char (*position)[64];   /* [channels] texts of [Coordinates] */
} parser;

static evl_status wrong(const parser *p, const char *expected, const char *found) {
  bool plain = strlen(found) < 24;
  for (const char *c = found; *c; c++) plain &= (*c >= '0' && *c <= 'z') || strchr(" +-.,", *c) != NULL;
  return evl_fail(EVL_FORMAT, plain ? "%s: expected %s of %s, found \"%s\"" : "%s: expected %s of %s, found other text",
                  p->reader->path, expected, p->key, found);
}

static evl_status choice(const parser *p, const char *text, const char *const *words, int *index) {
  char list[128] = "";
  for (*index = 0; words[*index]; ++*index) {
    if (strcasecmp(text, words[*index]) == 0) return EVL_OK;
    strncat(strncat(list, *index ? ", " : "", 3), words[*index], 24);
  }
  return wrong(p, list, text);
}

static evl_status count(const parser *p, const char *text, int64_t most, int64_t *value) {
  double number;
  if (!evl_text_decimal(text, strlen(text), &number) || number != floor(number) || number < 1 || number > (double)most)
    return wrong(p, "a whole number from 1 on", text);
  *value = (int64_t)number;
  return EVL_OK;
}

/* ---- sections ---- */

static evl_status common_key(parser *p, const char *value) {
  evl_brainvision *b = p->reader->state;
  static const char *const formats[] = {"BINARY", "ASCII", NULL};
  static const char *const orientations[] = {"MULTIPLEXED", "VECTORIZED", NULL};
  static const char *const types[] = {"TIMEDOMAIN", NULL};
  static const char *const segmentations[] = {"NOTSEGMENTED", "MARKERBASED", "FIXTIME", NULL};
  int index;
  double interval_us;
  if (!strcasecmp(p->key, "DataFile")) snprintf(b->data_file, sizeof b->data_file, "%s", value);
  else if (!strcasecmp(p->key, "MarkerFile")) snprintf(b->marker_file, sizeof b->marker_file, "%s", value);
  else if (!strcasecmp(p->key, "NumberOfChannels")) return count(p, value, MOST_CHANNELS, &b->n_channels);
  else if (!strcasecmp(p->key, "DataPoints")) return count(p, value, INT64_MAX / 2, &b->n_points);
  else if (!strcasecmp(p->key, "SegmentDataPoints")) return count(p, value, INT64_MAX / 2, &b->segment_points);
  else if (!strcasecmp(p->key, "DataType")) return choice(p, value, types, &index);
  else if (!strcasecmp(p->key, "DataFormat")) {
    EVL_TRY(choice(p, value, formats, &index));
    if (index == 1)
      return evl_fail(EVL_FORMAT, "%s: expected binary samples, found DataFormat=ASCII, which is not read",
                      p->reader->path);
    p->binary = true;
  } else if (!strcasecmp(p->key, "DataOrientation")) {
    EVL_TRY(choice(p, value, orientations, &index));
    b->vectorized = index == 1;
  } else if (!strcasecmp(p->key, "SegmentationType")) {
    EVL_TRY(choice(p, value, segmentations, &index));
    b->segmented = index > 0;
  } else if (!strcasecmp(p->key, "SamplingInterval")) {
    if (!evl_text_decimal(value, strlen(value), &interval_us) || !(interval_us > 0))
      return wrong(p, "a number of microseconds above 0", value);
    b->fs_hz = 1e6 / interval_us;
    p->has_interval = true;
  }
  return EVL_OK;
}

static evl_status binary_key(parser *p, const char *value) {
  evl_brainvision *b = p->reader->state;
  static const char *const formats[] = {"INT_16", "INT_32", "IEEE_FLOAT_32", "UINT_16", NULL};
  static const evl_plane_type types[] = {EVL_PLANE_I16, EVL_PLANE_I32, EVL_PLANE_F32, EVL_PLANE_I16};
  static const char *const answers[] = {"NO", "YES", NULL};
  int index;
  if (!strcasecmp(p->key, "BinaryFormat")) {
    EVL_TRY(choice(p, value, formats, &index));
    b->type = types[index];
    b->is_unsigned = index == 3;
    p->has_format = true;
  } else if (!strcasecmp(p->key, "UseBigEndianOrder")) {
    EVL_TRY(choice(p, value, answers, &index));
    b->big_endian = index == 1;
  }
  return EVL_OK;
}

/* "Ch12": 11; -1 for other keys. */
static int64_t channel_of(const char *key) {
  char *end;
  if (strncasecmp(key, "Ch", 2) != 0 || key[2] < '0' || key[2] > '9') return -1;
  long long number = strtoll(key + 2, &end, 10);
  return *end || number < 1 ? -1 : number - 1;
}

/* Channels need their number: it comes before them in every file. */
static evl_status make_channels(parser *p) {
  evl_reader *reader = p->reader;
  evl_brainvision *b = reader->state;
  if (reader->header.signal) return EVL_OK;
  if (b->n_channels == 0)
    return evl_fail(EVL_FORMAT, "%s: expected NumberOfChannels before the channels, found none", reader->path);
  EVL_TRY(evl_reader_signals(reader, (int)b->n_channels));
  EVL_NEW(reader->arena, b->scale, b->n_channels);
  EVL_NEW(reader->arena, p->seen, b->n_channels);
  EVL_NEW(reader->arena, p->position, b->n_channels);
  return EVL_OK;
}

/* Parts between commas; "\1" stands for a comma inside a name. */
static int split(char *value, char **part, int most) {
  int n = 0;
  for (char *c = value; c && n < most; n++) {
    part[n] = c;
    if ((c = strchr(c, ','))) *c++ = 0;
  }
  for (int i = 0; i < n; i++)
    for (char *mark; (mark = strstr(part[i], "\\1"));) {
      *mark = ',';
      memmove(mark + 1, mark + 2, strlen(mark + 2) + 1);
    }
  return n;
}

static evl_status channel_key(parser *p, char *value) {
  evl_brainvision *b = p->reader->state;
  int64_t c = channel_of(p->key);
  if (c < 0) return EVL_OK;
  EVL_TRY(make_channels(p));
  if (c >= b->n_channels || p->seen[c])
    return evl_fail(EVL_FORMAT, "%s: expected the channels Ch1 to Ch%lld, found %s%s", p->reader->path,
                    (long long)b->n_channels, p->key, c < b->n_channels ? " again" : "");
  char *part[CHANNEL_FIELDS];
  int n = split(value, part, CHANNEL_FIELDS);
  evl_signal *signal = &p->reader->header.signal[c];
  p->seen[c] = true;
  evl_text_utf8((const uint8_t *)part[0], strlen(part[0]), signal->label, sizeof signal->label);
  const char *unit = n > 3 && *part[3] ? part[3] : "\xC2\xB5V", *resolution = n > 2 && *part[2] ? part[2] : "1";
  evl_text_utf8((const uint8_t *)unit, strlen(unit), signal->unit, sizeof signal->unit);
  if (!evl_text_decimal(resolution, strlen(resolution), &b->scale[c].gain))
    return wrong(p, "a resolution", resolution);
  return EVL_OK;
}

static evl_status coordinate_key(parser *p, const char *value) {
  int64_t c = channel_of(p->key);
  EVL_TRY(make_channels(p));
  if (c < 0 || c >= p->reader->header.n_signals) return EVL_OK;
  snprintf(p->position[c], sizeof p->position[c], "%s", value);
  return EVL_OK;
}

/* ---- what the keys say together ---- */

/* Radius (0: unknown), inclination from the vertex, angle from the right ear, in degrees. */
static evl_status take_position(parser *p, int c) {
  char key[16], *part[3];
  double value[3];
  const double degree = 0.017453292519943295;
  if (!*p->position[c]) return EVL_OK;
  snprintf(key, sizeof key, "Ch%d", c + 1);
  p->key = key;
  int n = split(p->position[c], part, 3);
  for (int i = 0; i < 3; i++)
    if (n < 3 || !evl_text_decimal(part[i], strlen(part[i]), &value[i]))
      return wrong(p, "radius, theta and phi", p->position[c]);
  if (!(value[0] > 0)) return EVL_OK;
  double *xyz = p->reader->header.signal[c].xyz, theta = degree * value[1], phi = degree * value[2];
  xyz[0] = value[0] * sin(theta) * cos(phi);
  xyz[1] = value[0] * sin(theta) * sin(phi);
  xyz[2] = value[0] * cos(theta);
  return EVL_OK;
}

static void take_scale(evl_reader *reader, int c, int *n_zero, int *first_zero) {
  const evl_brainvision *b = reader->state;
  evl_signal *signal = &reader->header.signal[c];
  evl_plane_scale *scale = &b->scale[c];
  double factor = evl_unit_microvolt(signal->unit);
  signal->kind = factor > 0 && scale->gain != 0 ? EVL_SIGNAL_VOLTAGE : EVL_SIGNAL_OTHER;
  signal->samples_per_record = 1;
  signal->fs_hz = b->fs_hz;
  if (scale->gain == 0 && (*n_zero)++ == 0) *first_zero = c;
  if (scale->gain == 0) scale->gain = 1;
  else if (factor > 0) scale->gain *= factor;
  scale->zero = b->is_unsigned ? -32768.0 : 0.0;
  scale->missing = EVL_NONE_MISSING;
  if (b->type == EVL_PLANE_F32) return;
  double half = b->type == EVL_PLANE_I16 ? 32768.0 : 2147483648.0;
  double low = (-half - scale->zero) * scale->gain, high = (half - 1 - scale->zero) * scale->gain;
  signal->physical_min = fmin(low, high);
  signal->physical_max = fmax(low, high);
  signal->step = fabs(scale->gain);
}

static evl_status conclude(parser *p) {
  evl_reader *reader = p->reader;
  evl_brainvision *b = reader->state;
  const char *lacks = !*b->data_file ? "DataFile" : !p->binary ? "DataFormat" : !p->has_interval ? "SamplingInterval"
                      : !p->has_format ? "BinaryFormat" : b->n_channels == 0 ? "NumberOfChannels" : NULL;
  int n_zero = 0, first_zero = 0;
  if (lacks) return evl_fail(EVL_FORMAT, "%s: expected the key %s, found none", reader->path, lacks);
  EVL_TRY(make_channels(p));
  for (int c = 0; c < b->n_channels; c++) {
    if (!p->seen[c])
      return evl_fail(EVL_FORMAT, "%s: expected %lld channels, found no Ch%d", reader->path, (long long)b->n_channels,
                      c + 1);
    take_scale(reader, c, &n_zero, &first_zero);
    EVL_TRY(take_position(p, c));
  }
  if (n_zero == b->n_channels)
    return evl_fail(EVL_FORMAT, "%s: expected a resolution above 0, found 0 for all %d channels", reader->path, n_zero);
  if (n_zero)
    evl_reader_note(reader, "a resolution of 0: %d signal%s no voltage, the first is %d", n_zero,
                    n_zero == 1 ? " is" : "s are", first_zero + 1);
  reader->header.format = "BrainVision";
  reader->header.record_s = 1.0 / b->fs_hz;
  return EVL_OK;
}

/* Free text, but amplifiers write their number of channels into it. */
static void take_comment(evl_brainvision *b, const char *text) {
  const char *key = "Number of channels:", *at = strstr(text, key);
  long long n = at ? strtoll(at + strlen(key), NULL, 10) : 0;
  if (n > 0 && n <= MOST_CHANNELS) b->n_said = n;
}

static char *trim(char *text) {
  while (*text == ' ' || *text == '\t') text++;
  for (size_t n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]);) text[--n] = 0;
  return text;
}

evl_status evl_brainvision_header(evl_reader *reader, char *text) {
  parser p = {.reader = reader};
  char section[64] = "";
  for (char *rest = text; rest;) {
    char *line = rest, *equal;
    if ((rest = strchr(rest, '\n'))) *rest++ = 0;
    line = trim(line);
    if (*line == ';' || !*line) continue;
    if (*line == '[') {
      snprintf(section, sizeof section, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
      if (strcasecmp(section, "Comment") == 0 && rest) take_comment(reader->state, rest);
      if (strcasecmp(section, "Comment") == 0) break;
      continue;
    }
    if (!(equal = strchr(line, '='))) continue;
    *equal = 0;
    p.key = trim(line);
    char *value = trim(equal + 1);
    if (!strcasecmp(section, "Common Infos")) EVL_TRY(common_key(&p, value));
    else if (!strcasecmp(section, "Binary Infos")) EVL_TRY(binary_key(&p, value));
    else if (!strcasecmp(section, "Channel Infos")) EVL_TRY(channel_key(&p, value));
    else if (!strcasecmp(section, "Coordinates")) EVL_TRY(coordinate_key(&p, value));
  }
  return conclude(&p);
}
