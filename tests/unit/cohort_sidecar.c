/* Sidecars: which apply, what they say, what the file contradicts; the JSON scanner. */
#include "check.h"
#include "scratch.h"

#include "../../src/cohort/sidecar_priv.h"

static evl_arena *arena;

static const evl_sidecar *read_sidecar(const char *file) {
  evl_sidecar *sidecar = NULL;
  CHECK(evl_sidecar_read(scratch_path(file), scratch_folder, arena, &sidecar) == EVL_OK);
  return sidecar;
}

static void says(const char *text, const char *expected) {
  if (strstr(text, expected)) return;
  printf("# expected: %s\n# found: %s\n", expected, text);
  CHECK(!"the text says it");
}

static void channels_of_a_recording(void) {
  scratch_clear();
  const char *name = "sub-01/ses-a/eeg/sub-01_ses-a_task-rest_eeg.edf";
  scratch_file(
      "sub-01/ses-a/eeg/sub-01_ses-a_task-rest_channels.tsv",
      "name\ttype\tunits\tstatus\tsampling_frequency\r\nFp1\tEEG\t\xc2\xb5V\tgood\t500\r\nECG\tECG\tmV\tbad\tn/a\r\n");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_events.tsv", "onset\tduration\n");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_eeg.json",
               "{\"SamplingFrequency\": 500, \"Nested\": {\"PowerLineFrequency\": 60, \"a\": [1, {}, \"]\"]},\n"
               " \"PowerLineFrequency\": 5e1, \"EEGReference\": \"Cz \\u00e9 \\\"\"}\n");
  const evl_sidecar *s = read_sidecar(name);
  CHECK(s->n_channels == 2 && s->line_hz == 50 && s->fs_hz == 500);
  CHECK_TEXT(s->note, "");
  CHECK_TEXT(s->events_path, scratch_path("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_events.tsv"));
  if (s->n_channels != 2) return;
  CHECK_TEXT(s->channel[0].units, "\xc2\xb5V");
  CHECK_TEXT(s->channel[1].type, "ECG");
  CHECK(!s->channel[0].bad && s->channel[1].bad && s->channel[0].fs_hz == 500 && isnan(s->channel[1].fs_hz));
  CHECK(evl_sidecar_find(s, "Fp1") == 0 && evl_sidecar_find(s, "fp1") == 0 && evl_sidecar_find(s, "Fp2") == -1);
}

static void inheritance(void) {
  scratch_clear();
  const char *name = "sub-01/ses-a/eeg/sub-01_ses-a_task-rest_run-2_eeg.edf";
  scratch_file("task-rest_eeg.json", "{\"PowerLineFrequency\": 60, \"SamplingFrequency\": 100}");
  scratch_file("task-move_eeg.json", "{\"PowerLineFrequency\": 16.7}");
  scratch_file("run-2_channels.tsv", "name\tstatus\nroot\tgood\n");
  CHECK(read_sidecar(name)->line_hz == 60);
  CHECK_TEXT(read_sidecar(name)->channel[0].name, "root");
  scratch_file("sub-01/sub-01_eeg.json", "{\"PowerLineFrequency\": 50}");
  scratch_file("sub-01/ses-a/sub-01_ses-a_channels.tsv", "name\tstatus\nsession\tgood\n");
  CHECK(read_sidecar(name)->line_hz == 50);
  CHECK(read_sidecar(name)->fs_hz == 100);
  CHECK_TEXT(read_sidecar(name)->channel[0].name, "session");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_channels.tsv", "name\tstatus\ntask\tgood\n");
  CHECK_TEXT(read_sidecar(name)->channel[0].name, "task");
  scratch_file("sub-01/ses-a/eeg/sub-01_run-2_channels.tsv", "name\tstatus\ntwo parts\tbad\n");
  CHECK_TEXT(read_sidecar(name)->channel[0].name, "task");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_run-2_channels.tsv", "name\tstatus\nown\tbad\n");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_run-3_channels.tsv", "name\tstatus\nother run\tbad\n");
  scratch_file("sub-01/ses-a/eeg/sub-01_ses-a_task-rest_run-2_acq-x_channels.tsv", "name\tstatus\nother\tbad\n");
  CHECK_TEXT(read_sidecar(name)->channel[0].name, "own");
  /* Other subjects take the root's alone; a recording outside the root takes what lies beside it alone. */
  CHECK(read_sidecar("sub-02/eeg/sub-02_task-rest_eeg.edf")->line_hz == 60);
  evl_sidecar *outside;
  CHECK(evl_sidecar_read(scratch_path(name), "/somewhere", arena, &outside) == EVL_OK);
  CHECK(outside->line_hz == 0 && outside->n_channels == 1);
}

/* One search for many recordings gives what a search for each gives, also over more folders than it remembers. */
static void electrodes(void) {
  scratch_clear();
  const char *name = "sub-01/eeg/sub-01_task-rest_eeg.edf";
  CHECK(read_sidecar(name)->n_electrodes == 0);
  scratch_file("sub-01/eeg/sub-01_space-CapTrak_electrodes.tsv",
               "name\tx\ty\tz\timpedance\r\nFp1\t-27.1\t8e1\t-3\t5\r\nCz\tn/a\tn/a\tn/a\t1\r\n");
  const evl_sidecar *s = read_sidecar(name);
  CHECK(s->n_electrodes == 2);
  CHECK_TEXT(s->note, "");
  const double *xyz = evl_sidecar_position(s, "FP1");
  CHECK(xyz && xyz[0] == -27.1 && xyz[1] == 80 && xyz[2] == -3);
  xyz = evl_sidecar_position(s, "Cz");
  CHECK(xyz && isnan(xyz[0]) && isnan(xyz[2]) && !evl_sidecar_position(s, "Pz"));
  scratch_file("sub-01/eeg/sub-01_electrodes.tsv", "name\tx\ty\tz\nPz\t0\t-1\t1\n");
  CHECK(read_sidecar(name)->n_electrodes == 1); /* the plain name before any space */
  scratch_file("sub-01/eeg/sub-01_task-rest_electrodes.tsv", "name\tx\ty\nPz\t0\t-1\n");
  says(read_sidecar(name)->note, "sub-01_task-rest_electrodes.tsv: expected columns \"name\", \"x\", \"y\", \"z\"");
}

static void many_recordings(void) {
  scratch_clear();
  scratch_file("task-x_eeg.json", "{\"PowerLineFrequency\": 60}");
  for (int i = 0; i < 12; i++) {
    char name[100], text[100];
    snprintf(name, sizeof name, "sub-%d/eeg/sub-%d_channels.tsv", i, i);
    snprintf(text, sizeof text, "name\nchannel%d\n", i);
    scratch_file(name, text);
  }
  evl_sidecars *sidecars = NULL;
  CHECK(evl_sidecars_create(scratch_folder, &sidecars) == EVL_OK);
  for (int k = 0; k < 48 && sidecars; k++) {
    int i = k % 2 ? k % 12 : 11 - k % 12;
    char name[100];
    snprintf(name, sizeof name, "sub-%d/eeg/sub-%d_task-x_eeg.edf", i, i);
    evl_sidecar *s;
    CHECK(evl_sidecars_read(sidecars, scratch_path(name), arena, &s) == EVL_OK);
    CHECK(s->line_hz == 60 && s->n_channels == 1 && atoi(s->channel[0].name + 7) == i);
  }
  evl_sidecars_free(sidecars);
}

static void plain_names(void) {
  scratch_clear();
  scratch_file("night_1_channels.tsv", "name\nA\n");
  scratch_file("night_1_eeg.json", "{\"PowerLineFrequency\": 50}");
  CHECK(read_sidecar("night_1.edf")->n_channels == 1);
  CHECK(read_sidecar("night_1.edf")->line_hz == 50);
  CHECK(read_sidecar("night_1_2.edf")->n_channels == 0);
  const evl_sidecar *none = read_sidecar("no folder/x.edf");
  CHECK(none->n_channels == 0 && none->line_hz == 0 && !*none->note && !*none->channels_path && !*none->events_path);
}

static void broken_sidecars_are_notes(void) {
  scratch_clear();
  scratch_file("a_channels.tsv", "name\ttype\nA\tEEG\tx\n");
  scratch_file("a_eeg.json", "{\"PowerLineFrequency\": 50,\n}");
  const evl_sidecar *s = read_sidecar("a.edf");
  CHECK_TEXT(s->note,
             "a_channels.tsv: 1 row(s) with more cells than the header's 2, in line(s) 2; "
             "a_eeg.json:2: expected JSON, found no key in quotes");
  CHECK(s->n_channels == 0);
  scratch_file("a_channels.tsv", "channel\ttype\nA\tEEG\n");
  scratch_file("a_eeg.json", "{\"PowerLineFrequency\": \"n/a\", \"SamplingFrequency\": \"500\"}");
  s = read_sidecar("a.edf");
  CHECK_TEXT(s->note,
             "a_channels.tsv: expected a column \"name\"; a_eeg.json: SamplingFrequency is not a positive number");
  CHECK(s->line_hz == 0 && s->fs_hz == 0);
  scratch_clear();
  scratch_file("a_eeg.json/x", "a folder in place of a file");
  CHECK_TEXT(read_sidecar("a.edf")->note, "a_eeg.json: expected a file, found a folder");
  scratch_clear();
  scratch_bytes("a_eeg.json", "{}\0{}", 5);
  CHECK_TEXT(read_sidecar("a.edf")->note, "a_eeg.json:1: expected JSON, found a NUL byte");
}

static const char *conflicts(const char *file, const evl_signal *signal, int n) {
  const evl_header header = {.n_signals = n, .signal = (evl_signal *)signal};
  const char *text = NULL;
  CHECK(evl_sidecar_conflicts(read_sidecar(file), &header, arena, &text) == EVL_OK && text);
  return text ? text : "";
}

static void conflicts_with_the_file(void) {
  static const evl_signal signal[] = {{.label = "Fp1", .unit = "uV", .kind = EVL_SIGNAL_VOLTAGE, .fs_hz = 500},
                                      {.label = "ECG", .unit = "mV", .kind = EVL_SIGNAL_VOLTAGE, .fs_hz = 250},
                                      {.label = "Temp", .unit = "", .kind = EVL_SIGNAL_OTHER, .fs_hz = 1},
                                      {.label = "EDF Annotations", .kind = EVL_SIGNAL_ANNOTATION}};
  scratch_clear();
  CHECK_TEXT(conflicts("a.edf", signal, 4), "");
  scratch_file("a_channels.tsv",
               "name\tunits\tsampling_frequency\nFP1\t\xc2\xb5V\t500.01\nECG\tmV\t250\nTemp\tC\tn/a\n");
  scratch_file("a_eeg.json", "{\"SamplingFrequency\": 250}");
  CHECK_TEXT(conflicts("a.edf", signal, 4), "");
  scratch_file("a_channels.tsv",
               "name\tunits\tsampling_frequency\nFp1\tmicrovolt\t512\nECG\tuV\tn/a\nCz\tuV\t1\nPz\tuV\t1\n");
  scratch_file("a_eeg.json", "{\"SamplingFrequency\": 1000}");
  CHECK_TEXT(conflicts("a.edf", signal, 4),
             "conflicts with the file: it has no channel Cz, Pz; 1 of its signals not in the sidecar; "
             "unit of Fp1: microvolt, in the file uV; rate of Fp1: 512 Hz, in the file 500 Hz; "
             "unit of ECG: uV, in the file mV; SamplingFrequency 1000 Hz, in the file 250 Hz");
  scratch_file("a_channels.tsv", "name\nFp1\nECG\nTemp\n");
  scratch_file("a_eeg.json", "{");
  says(conflicts("a.edf", signal, 4), "a_eeg.json:1: expected JSON, found no key in quotes");
  char text[20000] = "name\n", *p = text + 5;
  for (int i = 0; i < 500; i++) p += sprintf(p, "a channel with quite a long name %d\n", i);
  scratch_file("a_channels.tsv", text);
  says(conflicts("a.edf", signal, 4), "name 4 and 495 more; 3 of its signals");
}

static void json(void) {
  static const struct {
    const char *text, *problem;
    int line;
  } cases[] = {{"{}", NULL, 0},
               {"\xef\xbb\xbf {\"a\": [], \"b\": [1, -0.5e+2, true, false, null, {\"c\": {}}]} \n", NULL, 0},
               {"", "no object", 1},
               {"[1]", "no object", 1},
               {"{\"a\": 1} x", "behind the object", 1},
               {"{\"a\" 1}", "':'", 1},
               {"{\"a\": 1 \"b\": 2}", "','", 1},
               {"{\"a\": [1 2]}", "','", 1},
               {"{a: 1}", "quotes", 1},
               {"{\"a\": 01}", "number", 1},
               {"{\"a\": 1.}", "number", 1},
               {"{\"a\": -}", "number", 1},
               {"{\"a\": 1e}", "number", 1},
               {"{\"a\": 1e999}", "number", 1},
               {"{\"a\": .5}", "no value", 1},
               {"{\"a\": NaN}", "no value", 1},
               {"{\"a\":\n\"x", "does not end", 2},
               {"{\"a\": \"x\ny\"}", "control", 1},
               {"{\"a\": \"\\x\"}", "escape", 1},
               {"{\"a\": \"\\u12g4\"}", "four digits", 1},
               {"{\"a\": \"\\", "escape", 1},
               {"{\"wanted\": 1, \"wanted\": 2}", "twice", 1},
               {"{\"a\": [1,]}", "no value", 1},
               {"{\"a\": 1,}", "quotes", 1},
               {"{\"a\": {\"b\": }}", "no value", 1},
               {"{", "quotes", 1},
               {"{\"a\": 0x10}", "','", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    evl_json_item item = {.key = "wanted"};
    int line = 0;
    const char *problem = evl_json_scan(cases[i].text, &item, 1, &line);
    if (cases[i].problem && problem) says(problem, cases[i].problem);
    if (!cases[i].problem != !problem) printf("# %s: %s\n", cases[i].text, problem ? problem : "accepted");
    CHECK(!cases[i].problem == !problem);
    if (problem) CHECK(line == cases[i].line);
  }
}

static void json_values_and_depth(void) {
  evl_json_item item[] = {{.key = "n"}, {.key = "s"}, {.key = "absent"}, {.key = "o"}};
  int line;
  CHECK(
      !evl_json_scan("{\"x\": {\"n\": 1}, \"s\": \"a\\\"b\", \"n\": -2.5e1, \"o\": {\"absent\": 1}}", item, 4, &line));
  CHECK(item[0].found && item[0].is_number && item[0].number == -25);
  CHECK(item[1].found && !item[1].is_number && item[1].length == 4 && memcmp(item[1].string, "a\\\"b", 4) == 0);
  CHECK(!item[2].found && item[3].found && !item[3].is_number && !item[3].string);
  static const int depths[] = {1, 63, 64, 100000};
  for (int i = 0; i < 4; i++) {
    int depth = depths[i];
    char *text = malloc(2 * (size_t)depth + 16);
    CHECK(text != NULL);
    if (!text) return;
    strcpy(text, "{\"a\":");
    memset(text + 5, '[', (size_t)depth);
    memset(text + 5 + depth, ']', (size_t)depth);
    strcpy(text + 5 + 2 * depth, "}");
    const char *problem = evl_json_scan(text, NULL, 0, &line);
    CHECK(depth < 64 ? !problem : problem && strstr(problem, "64 levels"));
    free(text);
  }
}

/* Every prefix and every changed byte of a sidecar ends: with a value, or with a problem. */
static void json_damaged(void) {
  static const char good[] = "{\"a\": [1, {\"b\": \"\\u00e9\\n\"}], \"wanted\": 5.0e1, \"c\": null}";
  int n_refused = 0, n_read = 0;
  for (size_t at = 0; at < sizeof good - 1; at++)
    for (int byte = 0; byte < 256; byte++) {
      char *text = malloc(sizeof good);
      if (!text) continue;
      memcpy(text, good, sizeof good);
      text[at] = (char)byte;
      evl_json_item item = {.key = "wanted"};
      int line;
      const char *problem = evl_json_scan(text, &item, 1, &line);
      n_refused += problem != NULL;
      n_read += !problem;
      if (byte == 0) CHECK(problem != NULL);
      if (byte == good[at]) CHECK(!problem && item.number == 50);
      free(text);
    }
  CHECK(n_refused > 1000 && n_read > 1000);
}

int main(void) {
  arena = evl_arena_create();
  if (!arena) return 1;
  scratch_begin();
  RUN(channels_of_a_recording);
  RUN(inheritance);
  RUN(electrodes);
  RUN(many_recordings);
  RUN(plain_names);
  RUN(broken_sidecars_are_notes);
  RUN(conflicts_with_the_file);
  RUN(json);
  RUN(json_values_and_depth);
  RUN(json_damaged);
  scratch_end();
  evl_arena_free(arena);
  CHECK_DONE();
}
