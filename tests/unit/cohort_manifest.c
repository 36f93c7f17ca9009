/* The manifest: tables, layouts, columns, everything wrong in one message, packing.
   Over 400 lines: every layout of folders is made and broken by the helpers at the top. */
#include "check.h"
#include "scratch.h"

#include "../../src/cohort/manifest_priv.h"

static evl_arena *arena;

/* Reads the manifest of a group `cohort`; %s in `keys` stands for the scratch folder. NULL where refused. */
static evl_manifest *read_manifest(const char *keys, const char *config_folder) {
  char text[1024];
  const char *folder = scratch_folder;
  const char *at = strstr(keys, "%s");
  snprintf(text, sizeof text, "%.*s%s%s", at ? (int)(at - keys) : (int)strlen(keys), keys, at ? folder : "",
           at ? at + 2 : "");
  evl_config *config;
  evl_params *params;
  evl_manifest *manifest = NULL;
  const evl_param *const tables[] = {evl_cohort_params};
  evl_error_clear();
  if (evl_config_parse(text, "test.cfg", &config) != EVL_OK) {
    CHECK(!"the configuration is parsed");
    return NULL;
  }
  CHECK(evl_group_params(evl_config_root(config), "cohort", tables, 1, NULL, NULL, arena, &params) == EVL_OK);
  evl_status status = evl_manifest_read(params, config_folder, arena, &manifest);
  evl_config_free(config);
  CHECK(status == EVL_OK || *evl_error_message());
  return status == EVL_OK ? manifest : NULL;
}

static evl_manifest *accepted(const char *keys) {
  evl_manifest *manifest = read_manifest(keys, "");
  if (!manifest) printf("# %s\n", evl_error_message());
  CHECK(manifest != NULL);
  return manifest;
}

static void says(const char *text, const char *expected) {
  if (strstr(text, expected)) return;
  printf("# expected: %s\n# found: %s\n", expected, text);
  CHECK(!"the message says it");
}

static void refused(const char *keys, const char *expected) {
  CHECK(!read_manifest(keys, ""));
  says(evl_error_message(), expected);
}

static bool warned(const evl_manifest *m, const char *text) {
  for (int i = 0; i < m->n_warnings; i++)
    if (strstr(m->warning[i], text)) return true;
  return false;
}

static const evl_variable *variable(const evl_variable *columns, int n, const char *name) {
  static const evl_variable none;
  for (int i = 0; i < n; i++)
    if (strcmp(columns[i].name, name) == 0) return &columns[i];
  CHECK(!"the column is there");
  return &none;
}

static void check_recording(const evl_manifest *m, int i, const char *id, const char *subject, const char *session) {
  CHECK(i < m->n_recordings);
  if (i >= m->n_recordings) return;
  const evl_recording *r = &m->recording[i];
  CHECK_TEXT(r->id, id);
  CHECK_TEXT(r->subject, subject);
  CHECK_TEXT(r->session, session);
  CHECK(r->participant >= 0 && r->participant < m->n_participants);
  CHECK_TEXT(m->subject[r->participant], subject);
}

static void from_tables(void) {
  scratch_clear();
  scratch_file("data/a b/\xc3\xa9t\xc3\xa9.edf", "x");
  scratch_file("data/2.edf", "x");
  scratch_file("data/recordings.tsv",
               "\xef\xbb\xbfstart_h\tSubject\tsession\tfile\thospital\tward\r\n"
               "12.5\tsub-002\tses-1\ta b//\xc3\xa9t\xc3\xa9.edf\tA\t07\r\n"
               "n/a\t001\tn/a\t./2.edf\tB\t11\r\n");
  scratch_file("data/participants.tsv",
               "participant_id\tage\toutcome\tcode\n001\t61\tgood\t12345678901234567\n"
               "002\tn/a\tpoor\t2\n003\t1e1\tgood\t3\n");
  const evl_manifest *m = accepted("root = \"%s/data/\";");
  if (!m) return;
  CHECK(m->n_recordings == 2 && m->n_columns == 3 && m->n_participants == 3 && m->n_participant_columns == 3);
  CHECK_TEXT(m->root, scratch_path("data"));
  check_recording(m, 0, "002/1/a b/\xc3\xa9t\xc3\xa9.edf", "002", "1");
  check_recording(m, 1, "001//2.edf", "001", "");
  CHECK_TEXT(m->recording[0].path, scratch_path("data/a b/\xc3\xa9t\xc3\xa9.edf"));
  CHECK(m->recording[0].start_h == 12.5 && isnan(m->recording[1].start_h));
  const evl_variable *start = variable(m->column, 3, "start_h"), *ward = variable(m->column, 3, "ward");
  CHECK(start->number && start->number[0] == 12.5 && isnan(start->number[1]));
  CHECK(ward->text && !ward->number && strcmp(ward->text[0], "07") == 0 && strcmp(ward->text[1], "11") == 0);
  const evl_variable *age = variable(m->participant_column, 3, "age"),
                     *code = variable(m->participant_column, 3, "code");
  CHECK(age->number && age->number[0] == 61 && isnan(age->number[1]) && age->number[2] == 10);
  CHECK(code->text && strcmp(code->text[0], "12345678901234567") == 0);
  CHECK_TEXT(variable(m->participant_column, 3, "outcome")->text[1], "poor");
  CHECK(m->n_warnings == 2);
  CHECK(warned(m, "1 recording(s) without start_h: line 3"));
  CHECK(warned(m, "1 participant(s) without recording: \"003\""));
}

static void tables_beside_the_configuration(void) {
  scratch_clear();
  scratch_file("data/1.edf", "x");
  scratch_file("study/list.csv", "participant_id;file\n1;1.edf\n");
  scratch_file("study/who.csv", "subject,age\n1,\"60\"\n");
  const char *keys = "root = \"../data\"; recordings = \"list.csv\"; participants = \"who.csv\";";
  const evl_manifest *m = read_manifest(keys, scratch_path("study"));
  CHECK(m != NULL);
  if (m) {
    check_recording(m, 0, "1//1.edf", "1", "");
    CHECK(m->n_warnings == 0 && m->n_participant_columns == 1 && m->participant_column[0].number[0] == 60);
    CHECK_TEXT(m->participants_table, scratch_path("study/who.csv"));
  }
  scratch_file("data/who.csv", "subject,age\n1,61\n");
  m = read_manifest(keys, scratch_path("study"));
  CHECK(m && m->participant_column[0].number[0] == 61);
  CHECK(!read_manifest("root = \"../data\"; recordings = \"other.tsv\";", scratch_path("study")));
  says(evl_error_message(), "data or in ");
  says(evl_error_message(), "study, found it in neither");
  CHECK(!read_manifest("root = \"../data\"; participants = \"participants.tsv\";", scratch_path("study")));
  says(evl_error_message(), "cohort.participants");
  m = read_manifest("root = \"../data\";", scratch_path("study"));
  CHECK(m && m->n_participants == 1 && !*m->participants_table && !*m->recordings_table);
}

static void absolute_files(void) {
  scratch_clear();
  scratch_file("data/1.edf", "x");
  scratch_file("other/2.edf", "x");
  char table[1024];
  snprintf(table, sizeof table, "subject\tfile\n1\t%s/data/./1.edf\n2\t%s/other/2.edf\n", scratch_folder,
           scratch_folder);
  scratch_file("data/recordings.tsv", table);
  const evl_manifest *m = accepted("root = \"%s/data\";");
  if (!m) return;
  CHECK_TEXT(m->recording[0].file, "1.edf");
  CHECK_TEXT(m->recording[1].file, scratch_path("other/2.edf"));
  CHECK_TEXT(m->recording[1].path, scratch_path("other/2.edf"));
  CHECK(m->n_warnings == 0);
}

static void bids_layout(void) {
  scratch_clear();
  scratch_file("sub-b/ses-2/eeg/sub-b_ses-2_task-rest_eeg.edf", "x");
  scratch_file("sub-b/ses-10/eeg/sub-b_ses-10_task-rest_eeg.BDF", "x");
  scratch_file("sub-b/ses-2/anat/sub-b_ses-2_T1w.nii", "x");
  scratch_file("sub-B/eeg/sub-B_run-2_eeg.EdF", "x");
  scratch_file("sub-B/eeg/sub-B_run-10_eeg.edf", "x");
  scratch_file("sub-B/eeg/sub-B_run-10_eeg.json", "{}");
  scratch_file("sub-B/eeg/sub-B_run-1_events.tsv", "onset\n");
  scratch_file("sub-B/eeg/._sub-B_run-10_eeg.edf", "x");
  scratch_file("sub-c/anat/sub-c_T1w.nii", "x");
  scratch_file("loose.edf", "x");
  scratch_file("sub-list.txt", "x");
  scratch_link("sub-\xc3\xa9/eeg/sub-\xc3\xa9_eeg.edf", "../../.git/annex/objects/gone");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  CHECK(m->n_recordings == 5 && m->n_participants == 3 && m->n_columns == 0);
  check_recording(m, 0, "B//sub-B/eeg/sub-B_run-10_eeg.edf", "B", "");
  check_recording(m, 1, "B//sub-B/eeg/sub-B_run-2_eeg.EdF", "B", "");
  check_recording(m, 2, "b/10/sub-b/ses-10/eeg/sub-b_ses-10_task-rest_eeg.BDF", "b", "10");
  check_recording(m, 3, "b/2/sub-b/ses-2/eeg/sub-b_ses-2_task-rest_eeg.edf", "b", "2");
  check_recording(m, 4, "\xc3\xa9//sub-\xc3\xa9/eeg/sub-\xc3\xa9_eeg.edf", "\xc3\xa9", "");
  CHECK(m->n_warnings == 3);
  CHECK(warned(m, "1 recording(s) whose file is not there"));
  CHECK(warned(m, "1 subject folder(s) without recording: sub-c"));
  CHECK(warned(m, "loose.edf"));
  scratch_file("participants.tsv", "participant_id\nsub-b\nsub-B\nsub-c\nsub-\xc3\xa9\n");
  m = accepted("root = \"%s\";");
  if (m) CHECK(m->n_participants == 4 && m->recording[0].participant == 1 && m->recording[2].participant == 0);
}

static void plain_folder(void) {
  scratch_clear();
  scratch_file("p 2.EDF", "x");
  scratch_file("p10.edf", "x");
  scratch_file("sub-7_ses-1_run-2_eeg.edf", "x");
  scratch_file("sub-7_run-1.bdf", "x");
  scratch_file("notes.txt", "x");
  scratch_file(".hidden.edf", "x");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  CHECK(m->n_recordings == 4 && m->n_participants == 3);
  check_recording(m, 0, "p 2//p 2.EDF", "p 2", "");
  check_recording(m, 1, "p10//p10.edf", "p10", "");
  check_recording(m, 2, "7//sub-7_run-1.bdf", "7", "");
  check_recording(m, 3, "7/1/sub-7_ses-1_run-2_eeg.edf", "7", "1");
  CHECK(m->n_warnings == 1 && warned(m, "2 file(s) taken each for a subject of its own"));
}

static const char *cell(const evl_manifest *m, const char *column, int row) {
  static char text[8][64];
  static int next;
  const evl_variable *v = variable(m->participant_column, m->n_participant_columns, column);
  if (v->text) return v->text[row];
  next = (next + 1) % 8;
  snprintf(text[next], sizeof text[next], "%g", v->number ? v->number[row] : 0.5);
  return text[next];
}

static void make_icare(const char *inner) {
  static const char *const files[] = {"0284_001_004_EEG.hea", "0284_001_004_EEG.mat", "0284_002_017_EEG.hea",
                                      "0284_002_017_ECG.hea", "0284_002_017_REF.hea", "0284_003_018_OTHER.hea",
                                      "RECORDS", "0284_extra_EEG.hea"};
  char name[256];
  scratch_clear();
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(name, sizeof name, "%s0284/%s", inner, files[i]);
    scratch_file(name, "x");
  }
  snprintf(name, sizeof name, "%s0284/0284.txt", inner);
  scratch_file(name, "Patient: 0284\r\nHospital: A\r\nAge: 53\r\nSex: Male\r\nROSC: nan\r\nOHCA: True\r\n"
                     "Shockable Rhythm: False\r\nTTM: 33\r\nOutcome: Good\r\nCPC: 1\r\n");
  snprintf(name, sizeof name, "%s0286/0286.txt", inner);
  scratch_file(name, "Patient: 0286\nHospital: B\nAge: nan\nROSC: 11\nOutcome: Poor\nCPC: 5\n");
  snprintf(name, sizeof name, "%s0286/0286_010_071_EEG.hea", inner);
  scratch_file(name, "x");
  snprintf(name, sizeof name, "%s0300/0300.txt", inner);
  scratch_file(name, "Patient: 0300\nAge: 60\n");
  scratch_file("RECORDS", "training/0284/\n");
  scratch_file("other/file.txt", "x");
}

static void icare_folders(void) {
  static const char *const inners[] = {"", "training/"};
  for (int i = 0; i < 2; i++) {
    char id[128];
    make_icare(inners[i]);
    const evl_manifest *m = accepted("root = \"%s\";");
    if (!m) return;
    CHECK(m->n_recordings == 4 && m->n_participants == 3);
    snprintf(id, sizeof id, "0284/001/%s0284/0284_001_004_EEG.hea", inners[i]);
    check_recording(m, 0, id, "0284", "001");
    snprintf(id, sizeof id, "0286/010/%s0286/0286_010_071_EEG.hea", inners[i]);
    check_recording(m, 3, id, "0286", "010");
    CHECK(m->recording[0].start_h == 4 && m->recording[1].start_h == 17 && m->recording[3].start_h == 71);
    CHECK(isnan(m->recording[2].start_h) && m->recording[3].participant == 1);
    CHECK(m->n_columns == 1 && variable(m->column, 1, "start_h")->number[3] == 71);
    CHECK_TEXT(cell(m, "hospital", 1), "B");
    CHECK_TEXT(cell(m, "age", 0), "53");
    CHECK_TEXT(cell(m, "age", 1), "nan");
    CHECK_TEXT(cell(m, "rosc", 0), "nan");
    CHECK_TEXT(cell(m, "rosc", 1), "11");
    CHECK_TEXT(cell(m, "shockable_rhythm", 0), "False");
    CHECK_TEXT(cell(m, "sex", 1), "n/a");
    CHECK_TEXT(cell(m, "outcome", 0), "Good");
    CHECK_TEXT(cell(m, "cpc", 1), "5");
    CHECK_TEXT(m->subject[2], "0300");
    CHECK(warned(m, "3 record(s) of other signals") && warned(m, "1 participant(s) without recording: \"0300\""));
    CHECK(warned(m, "1 recording(s) without start_h: "));
  }
  scratch_file("participants.tsv", "participant_id\tgroup\n0284\tx\n0286\ty\n");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (m) CHECK(m->n_participants == 2 && m->n_participant_columns == 1 && m->recording[0].start_h == 4);
  scratch_file("training/0286/0286.txt", "Patient: 0287\n");
  remove(scratch_path("participants.tsv"));
  refused("root = \"%s\";", "1 file(s) named after another subject than their folder: training/0286/0286.txt");
  scratch_file("training/0286/0286.txt", "Patient: 0286\nSex: \xff\n");
  refused("root = \"%s\";", "0286.txt: expected");
}

static void lists_of_records(void) {
  scratch_clear();
  scratch_file("RECORDS", "S001/S001R01.edf\r\nS002/x01\nplain\ndeep/er/\n");
  scratch_file("deep/er/RECORDS", "r1\nr2\n");
  scratch_file("S001/S001R01.edf", "x");
  scratch_file("S001/S001R02.edf", "not in the list");
  scratch_file("S002/x01.hea", "x");
  scratch_file("S002/x01.dat", "x");
  scratch_file("plain.hea", "x");
  scratch_file("deep/er/r1.hea", "x");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  CHECK(m->n_recordings == 5 && m->n_participants == 4);
  check_recording(m, 0, "S001//S001/S001R01.edf", "S001", "");
  check_recording(m, 1, "S002//S002/x01.hea", "S002", "");
  check_recording(m, 2, "er//deep/er/r1.hea", "er", "");
  check_recording(m, 4, "plain//plain.hea", "plain", "");
  CHECK(warned(m, "1 recording(s) whose file is not there; they will be marked as failed: deep/er/r2.hea"));
  scratch_file("RECORDS", "plain\nplain.hea\n");
  refused("root = \"%s\";", "1 file(s) given more than once: plain.hea");
  scratch_file("RECORDS", "../plain\n");
  refused("root = \"%s\";", "RECORDS: expected names inside its folder");
  scratch_file("RECORDS", "./\n");
  refused("root = \"%s\";", "at most 3 levels");
}

/* The header is the recording, what lies beside it is not. */
static void files_of_several_parts(void) {
  scratch_clear();
  scratch_file("sub-a/eeg/sub-a_eeg.vhdr", "x");
  scratch_file("sub-a/eeg/sub-a_eeg.vmrk", "x");
  scratch_file("sub-a/eeg/sub-a_eeg.eeg", "x");
  scratch_file("sub-b/eeg/sub-b_eeg.hea", "x");
  scratch_file("sub-b/eeg/sub-b_eeg.mat", "x");
  scratch_file("sub-b/eeg/sub-b_eeg.dat", "x");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  CHECK(m->n_recordings == 2);
  check_recording(m, 0, "a//sub-a/eeg/sub-a_eeg.vhdr", "a", "");
  check_recording(m, 1, "b//sub-b/eeg/sub-b_eeg.hea", "b", "");
}

static void everything_wrong_at_once(void) {
  scratch_clear();
  scratch_file("1.edf", "x");
  scratch_file("recordings.tsv",
               "subject\tfile\tstart_h\ta/b\n"
               "1\t1.edf\t0\t1\n"
               "2\t./1.edf\tsoon\t1\n"
               "\tgone.edf\t1\t1\n"
               "x/y\tgone2.edf\t1\t1\n"
               "9\tgone3.edf\tinf\t1\n"
               "9\tgone4.edf\t2\t1\n"
               "1\t\t3\t1\n"
               "1\tgone.edf\t3\t1\n");
  scratch_file("participants.tsv", "subject\tsex\nsub-1\tf\n1\tf\n4\tm\n2\tm\n\tf\n");
  CHECK(!read_manifest("root = \"%s\";", ""));
  const char *message = evl_error_message();
  says(message, "recordings.tsv: the cohort cannot be used:");
  says(message, "\n  2 file(s) given more than once: 1.edf in the lines 2 and 3; gone.edf in the lines 4 and 9");
  says(message,
       "\n  3 row(s) without a usable subject: \"\" \"\" in line 4; \"x/y\" \"\" in line 5; \"\" in line 6 of ");
  says(message, "\n  1 row(s) or file(s) without a usable name: \"\" in line 8");
  says(message, "\n  1 participant(s) given more than once: \"1\" in the lines 2 and 3 of ");
  says(message, "\n  1 subject(s) with recordings that the participants table lacks: \"9\" in line 6");
  says(message, "\n  2 value(s) of start_h that are no number: \"soon\" in line 3; \"inf\" in line 6");
  says(message, "\n  1 column(s) whose name the store cannot hold ('/' or '.'): \"a/b\" of ");
  says(message, "\n  5 recording(s) whose file is not there");
  says(message, "gone4.edf in line 7 (No such file or directory)");
  says(message, "\n  1 participant(s) without recording: \"4\"");
}

static void long_lists_are_cut(void) {
  scratch_clear();
  char table[40000] = "subject\tfile\tstart_h\n", *p = table + strlen(table);
  for (int i = 0; i < 300; i++)
    p += sprintf(p, "%d\tfolder/with/a/long/name/that/fills/the/message/%d.edf\tx%d\n", i, i, i);
  scratch_file("recordings.tsv", table);
  scratch_file("participants.tsv", "participant_id\n1\n");
  CHECK(!read_manifest("root = \"%s\";", ""));
  says(evl_error_message(), "299 subject(s) with recordings that the participants table lacks: \"0\" in line 2; ");
  says(evl_error_message(), " and 279 more\n");
  says(evl_error_message(), "\n  300 value(s) of start_h that are no number: ");
  says(evl_error_message(), "\n  300 recording(s) whose file is not there");
  const char *end = evl_error_message() + strlen(evl_error_message());
  CHECK(strcmp(end - 5, " more") == 0);
}

static void folders_that_are_wrong(void) {
  scratch_clear();
  refused("root = \"%s/none\";", "none cannot be read: No such file or directory");
  scratch_file("file", "x");
  refused("root = \"%s/file\";", "expected a folder, found the file ");
  refused("root = \"\";", "empty");
  refused("root = \"%s\";", "found no recording below it");
  scratch_file("recordings.tsv", "subject\tfile\n");
  refused("root = \"%s\";", "only a header");
  scratch_file("recordings.tsv", "patient\tfile\n1\t1.edf\n");
  refused("root = \"%s\";", "expected a column \"subject\", found the columns patient, file");
  scratch_file("recordings.tsv", "subject\tpath\n1\t1.edf\n");
  refused("root = \"%s\";", "expected a column \"file\"");
  scratch_file("recordings.tsv", "subject\tfile\n1\t1.edf\n");
  scratch_file("participants.tsv", "name\n1\n");
  refused("root = \"%s\";", "expected a column \"participant_id\"");
  scratch_clear();
  scratch_file("sub-1/eeg/sub-1_eeg.edf", "x");
  scratch_file("sub-2/eeg/sub-1_eeg.edf", "x");
  scratch_link("sub-3", "sub-3");
  scratch_link("sub-4", "/nowhere at all");
  scratch_file("sub-5/eeg/sub-5_\xff_eeg.edf", "x");
  CHECK(!read_manifest("root = \"%s\";", ""));
  says(evl_error_message(), "1 file(s) named after another subject than their folder: sub-2/eeg/sub-1_eeg.edf");
  says(evl_error_message(),
       "2 folder(s) cannot be read: sub-3 (Too many levels of symbolic links); sub-4 (No such file");
  says(evl_error_message(), "\"sub-5/eeg/sub-5_\\xff_eeg.edf\" in the folder");
}

static void loops_of_links_end(void) {
  scratch_clear();
  scratch_file("sub-1/eeg/sub-1_eeg.edf", "x");
  scratch_link("sub-1/ses-1", "..");
  scratch_link("sub-1/eeg/eeg", ".");
  scratch_link("sub-1/ses-2", "../sub-1");
  const evl_manifest *m = accepted("root = \"%s\";");
  CHECK(m && m->n_recordings == 2);
}

static void columns_that_are_nearly_numbers(void) {
  scratch_clear();
  scratch_file("1.edf", "x");
  scratch_file("recordings.tsv", "subject\tfile\n1\t1.edf\n");
  scratch_file("participants.tsv",
               "subject\tage\tempty\tnegative\tname\n1\t60\tn/a\t-1\ta\n2\tsixty\t\t-01\t1\n3\t61\tNA\t2\t2\n");
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  const evl_variable *c = m->participant_column;
  CHECK(c[0].text && strcmp(c[0].text[1], "sixty") == 0);
  CHECK(c[1].number && isnan(c[1].number[0]) && isnan(c[1].number[1]) && isnan(c[1].number[2]));
  CHECK(c[2].text && strcmp(c[2].text[1], "-01") == 0);
  CHECK(c[3].text != NULL);
  CHECK(warned(m, "age (1 of 3, first \"sixty\" in line 3); name (1 of 3, first \"a\" in line 2)"));
}

static void many_columns(void) {
  const int n = 10000;
  scratch_clear();
  char *text = malloc((size_t)n * 24), *p = text;
  CHECK(text != NULL);
  if (!text) return;
  p += sprintf(p, "subject\tfile");
  for (int i = 0; i < n; i++) p += sprintf(p, "\tc%d", i);
  p += sprintf(p, "\n1\t1.edf");
  for (int i = 0; i < n; i++) p += sprintf(p, i % 2 ? "\t%d" : "\tt%d", i);
  scratch_file("1.edf", "x");
  scratch_file("recordings.tsv", text);
  scratch_file("participants.tsv", text);
  free(text);
  const evl_manifest *m = accepted("root = \"%s\";");
  if (!m) return;
  CHECK(m->n_columns == n && m->n_participant_columns == n + 1);
  for (int i = 0; i < n && m->n_columns == n; i++)
    CHECK(i % 2 ? m->column[i].number && m->column[i].number[0] == i
                : m->column[i].text && atoi(m->column[i].text[0] + 1) == i);
}

static void packing(void) {
  scratch_clear();
  scratch_file("recordings.tsv", "subject\tsession\tfile\tstart_h\tward\n1\t\t1.edf\t1\ta\n2\t1\t2.edf\tn/a\tb\n");
  scratch_file("participants.tsv", "subject\tage\tsex\n2\t50\tf\n1\t60\tm\n3\tn/a\t\n");
  evl_manifest *m = accepted("root = \"%s\";"), *copy;
  void *bytes, *again;
  size_t size, size_again;
  if (!m) return;
  CHECK(evl_manifest_pack(m, arena, &bytes, &size) == EVL_OK);
  CHECK(evl_manifest_unpack(bytes, size, arena, &copy) == EVL_OK);
  CHECK(copy->n_recordings == 2 && copy->n_columns == 2 && copy->n_participants == 3 &&
        copy->n_warnings == m->n_warnings);
  for (int i = 0; i < 2; i++) {
    check_recording(copy, i, m->recording[i].id, m->recording[i].subject, m->recording[i].session);
    CHECK_TEXT(copy->recording[i].path, m->recording[i].path);
    CHECK(copy->recording[i].participant == 1 - i);
  }
  CHECK(copy->recording[0].start_h == 1 && isnan(copy->recording[1].start_h));
  CHECK_TEXT(variable(copy->column, 2, "ward")->text[1], "b");
  CHECK(variable(copy->participant_column, 2, "age")->number[1] == 60);
  CHECK_TEXT(variable(copy->participant_column, 2, "sex")->text[2], "");
  CHECK(evl_manifest_pack(copy, arena, &again, &size_again) == EVL_OK);
  CHECK(size_again == size && memcmp(bytes, again, size) == 0);
  for (size_t cut = 0; cut < size; cut++) {
    char *part = malloc(cut ? cut : 1); /* of the exact size, so that sanitizers see a read behind it */
    if (part) memcpy(part, bytes, cut);
    CHECK(part && evl_manifest_unpack(part, cut, arena, &copy) == EVL_FORMAT);
    free(part);
  }
}

int main(void) {
  arena = evl_arena_create();
  if (!arena) return 1;
  scratch_begin();
  RUN(from_tables);
  RUN(tables_beside_the_configuration);
  RUN(absolute_files);
  RUN(bids_layout);
  RUN(plain_folder);
  RUN(icare_folders);
  RUN(lists_of_records);
  RUN(files_of_several_parts);
  RUN(everything_wrong_at_once);
  RUN(long_lists_are_cut);
  RUN(folders_that_are_wrong);
  RUN(loops_of_links_end);
  RUN(columns_that_are_nearly_numbers);
  RUN(many_columns);
  RUN(packing);
  scratch_end();
  evl_arena_free(arena);
  CHECK_DONE();
}
