/* Labels of files and montages made of them. */
#include "conditioning_help.h"

typedef struct { const char *label, *name, *reference; bool known, pair; } reading;

static const reading readings[] = {
  {"Fp1", "Fp1", "", true, false}, {"FP1", "Fp1", "", true, false}, {"fpz", "Fpz", "", true, false},
  {"EEG Fp1-Ref", "Fp1", "Ref", true, false}, {"EEG Fp1-LE", "Fp1", "LE", true, false},
  {"EEG FP1-REF", "Fp1", "Ref", true, false}, {"EEG FP1-AVG", "Fp1", "AVG", true, false},
  {"EEG C3-AR", "C3", "AVG", true, false}, {"EEG T3", "T7", "", true, false}, {"t4-ref", "T8", "Ref", true, false},
  {"T5", "P7", "", true, false}, {"T6", "P8", "", true, false}, {"Fp1-A2", "Fp1", "A2", true, false},
  {"C4-M1", "C4", "M1", true, false}, {"EEG Cz-(A1+A2)/2", "Cz", "LE", true, false},
  {"Fc5.", "FC5", "", true, false},
  {"Cz..", "Cz", "", true, false}, {"T10.", "T10", "", true, false}, {"  EEG  Cz  ", "Cz", "", true, false},
  {"Fp 1 - Ref", "Fp1", "Ref", true, false}, {"POL O1", "O1", "", true, false}, {"EEG_Oz", "Oz", "", true, false},
  {"A1", "A1", "", true, false}, {"EEG M2", "M2", "", true, false}, {"EEG A1-Ref", "A1", "Ref", true, false},
  {"CPZ", "CPz", "", true, false}, {"AF10", "AF10", "", true, false}, {"Iz..", "Iz", "", true, false},
  /* pairs are not the electrode in front */
  {"Fp1-F7", "Fp1-F7", "F7", false, true}, {"FP1-F7", "Fp1-F7", "F7", false, true},
  {"EEG T3-T5", "T7-P7", "P7", false, true},
  {"EEG Fpz-Cz", "Fpz-Cz", "Cz", false, true}, {"FZ-CZ", "Fz-Cz", "Cz", false, true},
  {"EEG A2-A1", "A2-A1", "A1", false, true},
  /* not electrodes */
  {"ECG", "ECG", "", false, false}, {"ECG ECG", "ECG ECG", "", false, false},
  {"EOG horizontal", "EOG horizontal", "", false, false},
  {"Status", "Status", "", false, false}, {"EEG", "EEG", "", false, false}, {"", "", "", false, false},
  {"  ", "", "", false, false}, {"EEG 1", "EEG 1", "", false, false}, {"Fp1-", "Fp1-", "", false, false},
  {"-Fp1", "-Fp1", "", false, false}, {"Fp1-XYZ", "Fp1-XYZ", "", false, false},
  {"Fp1-Fp1", "Fp1-Fp1", "", false, false},
  {"A1-A1", "A1-A1", "", false, false}, {"Fp1-F7-Ref", "Fp1-F7-Ref", "", false, false},
  {"REF_EEG REF_EEG", "REF_EEG REF_EEG", "", false, false},
  {"3Hz +5/-5 V", "3Hz +5/-5 V", "", false, false}, {"Fp3", "Fp3", "", false, false}, {"F1x", "F1x", "", false, false}};

static void labels(void) {
  for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
    evl_electrode e;
    evl_electrode_parse(readings[i].label, &e);
    CHECK_TEXT(e.name, readings[i].name);
    CHECK_TEXT(e.reference, readings[i].reference);
    if (e.known != readings[i].known || e.pair != readings[i].pair) printf("# %s\n", readings[i].label);
    CHECK(e.known == readings[i].known && e.pair == readings[i].pair);
  }
}

/* What a label means does not change when its canonical name is read again. */
static void canonical_names_are_fixed(void) {
  for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
    evl_electrode once, twice;
    evl_electrode_parse(readings[i].label, &once);
    evl_electrode_parse(once.name, &twice);
    CHECK_TEXT(twice.name, once.name);
    CHECK(once.known == twice.known && once.pair == twice.pair);
  }
}

static void long_and_broken_labels(void) {
  char label[400];
  evl_electrode e;
  evl_random random;
  memset(label, 'x', sizeof label - 1);
  label[399] = '\0';
  evl_electrode_parse(label, &e);
  CHECK(strlen(e.name) == 80 && !e.known);
  evl_random_begin(&random, 3, "labels", "", 0);
  for (int trial = 0; trial < 20000; trial++) {
    static const char piece[][8] = {"Fp1", "-", "A2", " ", "EEG ", ".", "T3", "\xe9", "Ref", "_", "Cz", "(", "POL"};
    label[0] = '\0';
    for (uint64_t i = evl_random_below(&random, 40); i > 0; i--) strcat(label, piece[evl_random_below(&random, 13)]);
    evl_electrode_parse(label, &e);
    CHECK(strlen(e.name) <= 80 && strlen(e.reference) <= 80 && !(e.known && e.pair));
  }
}

/* Channels of a montage joined by blanks; "" and the message set on an error. */
static const char *channels(const char *config, int n, const char *const *label) {
  static char text[4000];
  evl_arena *arena = evl_arena_create();
  evl_montage *montage;
  evl_params *params = help_params(arena, config);
  text[0] = '\0';
  evl_error_clear();
  if (params && evl_montage_plan(params, n, label, arena, &montage) == EVL_OK)
    for (int c = 0; c < montage->n; c++) strcat(strcat(text, c ? " " : ""), montage->name[c]);
  evl_arena_free(arena);
  return text;
}

static void montages(void) {
  static const char *const label[] = {"EEG Fp1-Ref", "ECG", "T3", "EEG FP1-LE", "Temp rectal", "T7"};
  CHECK_TEXT(channels("", 6, label), "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2");
  CHECK_TEXT(channels("reference = \"bipolar\";", 0, NULL),
             "Fp1-F7 F7-T7 T7-P7 P7-O1 Fp1-F3 F3-C3 C3-P3 P3-O1 Fz-Cz Cz-Pz "
             "Fp2-F4 F4-C4 C4-P4 P4-O2 Fp2-F8 F8-T8 T8-P8 P8-O2");
  CHECK_TEXT(channels("reference = \"transverse\";", 0, NULL),
             "F7-Fp1 Fp1-Fp2 Fp2-F8 F7-F3 F3-Fz Fz-F4 F4-F8 T7-C3 C3-Cz Cz-C4 C4-T8 "
             "P7-P3 P3-Pz Pz-P4 P4-P8 P7-O1 O1-O2 O2-P8");
  CHECK_TEXT(channels("montage = \"file\";", 6, label), "Fp1 ECG T7 Temp rectal");
  CHECK_TEXT(channels("montage = [\"T3\", \"cz\", \"EEG Pz\", \"ECG\"];", 6, label), "T7 Cz Pz ECG");
  CHECK_TEXT(channels("montage = \"Oz\";", 6, label), "Oz");
  CHECK_TEXT(channels("montage = [\"F3-C3\", \"c3-p3\"]; reference = \"bipolar\";", 6, label), "F3-C3 C3-P3");
  const char *ten_ten = channels("montage = \"10-10\";", 0, NULL);
  int n = 1;
  for (const char *c = ten_ten; *c; c++) n += *c == ' ';
  CHECK(n == 64 && strncmp(ten_ten, "FC5 FC3 FC1 ", 12) == 0);
}

static void refuse(const char *config, const char *expected) {
  static const char *const label[] = {"EEG Fp1-Ref", "a/b", "ECG"};
  CHECK_TEXT(channels(config, 3, label), "");
  if (!strstr(evl_error_message(), expected)) printf("# %s\n", evl_error_message());
  CHECK(strstr(evl_error_message(), expected) != NULL);
}

static void refused_montages(void) {
  refuse("montage = \"10_20\";", "no recording has \"10_20\"");
  refuse("montage = [\"Cz\", \"EKG\"];", "nearest: \"ECG\"");
  refuse("montage = [\"T3\", \"T7\"];", "named twice");
  refuse("montage = \"\";", "without a name");
  refuse("montage = \"file\";", "\"a/b\"");
  refuse("montage = ();", "at least one");
  refuse("montage = [\"10-20\", \"Oz\"];", "\"10-20\"");
  refuse("reference = \"avrage\";", "\"average\"");
  refuse("reference = \"bipolar\"; montage = \"10-10\";", "bipolar");
  refuse("reference = \"bipolar\"; montage = [\"Cz\"];", "\"Cz\"");
  refuse("reference = \"transverse\"; montage = \"10-10\";", "\"transverse\"");
  CHECK_TEXT(channels("montage = \"file\";", 0, NULL), "");
}

/* Every position of the 10-10 montage lies on the sphere, opposite its mirror image; pairs between their electrodes. */
static void positions(void) {
  double left[3], right[3], pair[3];
  evl_arena *arena = evl_arena_create();
  evl_montage *montage;
  evl_params *params = help_params(arena, "montage = \"10-10\";");
  CHECK(params && evl_montage_plan(params, 0, NULL, arena, &montage) == EVL_OK);
  for (int c = 0; c < montage->n; c++) {
    char mirror[8];
    strcpy(mirror, montage->name[c]);
    size_t digits = strcspn(mirror, "0123456789");
    int number = atoi(mirror + digits);
    if (number) sprintf(mirror + digits, "%d", number % 2 ? number + 1 : number - 1);
    CHECK(evl_electrode_position(montage->name[c], left) && evl_electrode_position(mirror, right));
    CHECK_NEAR(left[0] * left[0] + left[1] * left[1] + left[2] * left[2], 1.0, 1e-12);
    CHECK_NEAR(left[0], -right[0], 1e-12);
    CHECK_NEAR(left[1], right[1], 1e-12);
    CHECK_NEAR(left[2], right[2], 1e-12);
    CHECK(number == 0 ? fabs(left[0]) < 1e-12 : number % 2 ? left[0] < 0.0 : left[0] > 0.0);
  }
  CHECK(evl_electrode_position("Fz", left) && left[1] > 0.0 && evl_electrode_position("Pz", left) && left[1] < 0.0);
  CHECK(evl_electrode_position("Cz", left) && left[2] == 1.0);
  CHECK(evl_electrode_position("C3-C4", pair) && pair[2] > 0.999);
  CHECK(!evl_electrode_position("ECG", left) && !evl_electrode_position("Cz-ECG", left));
  evl_arena_free(arena);
}

/* All names of the 10-5 system in any case: known, their own, on the sphere, no two at one place. */
static void names_of_the_10_5_system(void) {
  static const char *const row[] = {"AFp", "AF", "AFF", "F",  "FFC", "FC",  "FCC", "C",
                                    "CCP", "CP", "CPP", "P", "PPO", "PO", "POO"};
  static const char *const side[] = {"AFp", "AF", "AFF", "F",  "FFT", "FT",  "FTT", "T",
                                     "TTP", "TP", "TPP", "P", "PPO", "PO", "POO"};
  static const char *const ends[] = {"Fp1", "Fpz", "Fp2", "Fp1h", "Fp2h", "O1",   "Oz",   "O2",  "O1h", "O2h", "OI1",
                                     "OIz", "OI2", "OI1h", "OI2h", "I1",  "Iz", "I2", "I1h", "I2h", "Nz"};
  static double xyz[400][3];
  int n = 0;
  for (int i = 0; i < 15 * 21 + 21; i++) {
    char name[8] = "", lower[8];
    int place = i % 21, number = (place + 1) / 2;
    if (i >= 15 * 21) strcpy(name, ends[i - 15 * 21]);
    else if (place == 0) sprintf(name, "%sz", row[i / 21]);
    else sprintf(name, "%s%d%s", number > 6 ? side[i / 21] : row[i / 21], number, place % 2 ? "h" : "");
    evl_electrode e;
    for (size_t k = 0; k < sizeof name; k++) {
      bool upper = name[k] >= 'A' && name[k] <= 'Z';
      lower[k] = (char)(upper ? name[k] + 32 : name[k]);
    }
    evl_electrode_parse(lower, &e);
    if (!e.known || strcmp(e.name, name) != 0) printf("# %s\n", name);
    CHECK(e.known && strcmp(e.name, name) == 0 && evl_electrode_position(name, xyz[n]));
    CHECK_NEAR(xyz[n][0] * xyz[n][0] + xyz[n][1] * xyz[n][1] + xyz[n][2] * xyz[n][2], 1.0, 1e-14);
    for (int k = 0; k < n; k++)
      CHECK(fabs(xyz[n][0] - xyz[k][0]) + fabs(xyz[n][1] - xyz[k][1]) + fabs(xyz[n][2] - xyz[k][2]) > 0.01);
    n++;
  }
  static const char *const none[] = {"C7",  "T5h", "FC7", "FT5", "Fp3", "O3",  "N1",
                                     "C11", "Ch",  "C0",  "z",   "Czh", "F1hh"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) CHECK(!evl_electrode_position(none[i], xyz[0]));
}

/* By hand: rings and rows of the construction. */
static void constructed_positions(void) {
  double a[3], b[3], c[3];
  CHECK(evl_electrode_position("C4", a));
  CHECK_NEAR(a[0], sin(46 * M_PI / 180), 1e-14);
  CHECK_NEAR(a[2], cos(46 * M_PI / 180), 1e-14);
  CHECK(evl_electrode_position("F8", a));
  CHECK_NEAR(atan2(a[1], a[0]), 36 * M_PI / 180, 1e-14);
  CHECK(evl_electrode_position("P9", a));
  CHECK_NEAR(a[2], cos(115 * M_PI / 180), 1e-14);
  CHECK_NEAR(atan2(a[1], a[0]), -144 * M_PI / 180, 1e-14);
  /* Equal steps along the row of F. */
  CHECK(evl_electrode_position("Fz", a) && evl_electrode_position("F2", b) && evl_electrode_position("F4", c));
  double ab = a[0] * b[0] + a[1] * b[1] + a[2] * b[2], bc = b[0] * c[0] + b[1] * c[1] + b[2] * c[2];
  CHECK_NEAR(ab, bc, 1e-14);
  CHECK(evl_electrode_position("F8", a) && evl_electrode_position("F6", b));
  CHECK_NEAR(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], ab, 1e-14);
}

static void neighbours(void) {
  static const char *const name[] = {"Fz", "Cz", "Pz", "C3", "C4", "ECG", "O1"};
  double xyz[7][3];
  int near[6];
  bool left_out[7] = {false};
#define PLACES (const double (*)[3])xyz, left_out
  memset(xyz, 0, sizeof xyz);
  for (int i = 0; i < 7; i++) left_out[i] = !evl_electrode_position(name[i], xyz[i]);
  CHECK(evl_electrode_neighbours(7, PLACES, 6, -1, 2, near) == 2 && near[0] == 2 && near[1] == 3);
  CHECK(evl_electrode_neighbours(7, PLACES, 1, -1, 6, near) == 5 && near[4] == 6);
  CHECK(evl_electrode_neighbours(7, PLACES, 1, cos(50 * M_PI / 180), 6, near) == 4); /* 46 degrees all of them */
  CHECK(evl_electrode_neighbours(7, PLACES, 5, -1, 6, near) == 0);
}

/* Electrodes of a displaced, turned, large sphere; a flat drawing; a few points. */
static void centre_of_the_head(void) {
  static const char *const name[] = {"Fp1", "Fp2", "F7", "F8", "T7", "T8", "Cz", "Pz", "O1", "O2", "ECG"};
  evl_source source[11];
  double xyz[3];
  for (int i = 0; i < 11; i++) {
    source[i] = (evl_source){.label = name[i], .xyz = {NAN, NAN, NAN}};
    if (!evl_electrode_position(name[i], xyz)) continue;
    source[i].xyz[0] = 92 * xyz[0] + 3;
    source[i].xyz[1] = 92 * xyz[1] - 16;
    source[i].xyz[2] = 92 * xyz[2] + 45;
  }
  CHECK(evl_sources_centre(11, source));
  for (int i = 0; i < 10; i++) {
    CHECK(evl_electrode_position(name[i], xyz));
    for (int k = 0; k < 3; k++) CHECK_NEAR(source[i].xyz[k], xyz[k], 1e-12);
  }
  for (int i = 0; i < 10; i++) source[i].xyz[2] = 0.4;
  CHECK(!evl_sources_centre(11, source) && source[3].xyz[0] == 0 && source[3].xyz[2] == 0);
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 3; k++) source[i].xyz[k] = (k == i % 3) * 9.0;
  CHECK(evl_sources_centre(4, source) && source[1].xyz[1] == 1 && source[3].xyz[0] == 1);
  CHECK(evl_sources_centre(0, source));
}

/* Every step has what the catalogue needs, and the table's parameters are unique. */
static void table_of_steps(void) {
  const evl_param *const *tables;
  int n = evl_conditioning_tables(&tables), steps = 0;
  for (const evl_step *const *step = evl_steps; *step; step++, steps++) {
    CHECK((*step)->name && (*step)->summary && (*step)->definition && (*step)->cite && (*step)->version > 0);
    CHECK((*step)->params == tables[steps]);
    for (const evl_param *p = (*step)->params; p->name; p++)
      for (int other = 0; other < n; other++)
        for (const evl_param *q = tables[other]; q->name; q++) CHECK(p == q || strcmp(p->name, q->name) != 0);
  }
  CHECK(steps == n);
}

int main(void) {
  RUN(labels);
  RUN(canonical_names_are_fixed);
  RUN(long_and_broken_labels);
  RUN(montages);
  RUN(refused_montages);
  RUN(positions);
  RUN(names_of_the_10_5_system);
  RUN(constructed_positions);
  RUN(neighbours);
  RUN(centre_of_the_head);
  RUN(table_of_steps);
  CHECK_DONE();
}
