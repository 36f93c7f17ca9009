/* The cohort's tables and sidecars in BIDS layout (Pernet 2019, doi:10.1038/s41597-019-0104-8). */
#include "simulate_priv.h"

#include <string.h>

static evl_status write_description(const evl_simulation *s, const char *root, evl_arena *scratch) {
  evl_text_file f;
  EVL_TRY(evl_text_begin(root, "dataset_description.json", scratch, &f));
  fprintf(f.file,
          "{\n  \"Name\": \"Simulated coma EEG\",\n  \"BIDSVersion\": \"1.8.0\",\n  \"DatasetType\": \"raw\",\n"
          "  \"GeneratedBy\": [{\"Name\": \"eveil simulate\", \"Version\": \"" EVL_VERSION "\"}],\n  \"Seed\": "
                                                                                           "%llu\n}\n",
          (unsigned long long)s->seed);
  return evl_text_end(&f);
}

static evl_status write_participants(const evl_simulation *s, const char *root, evl_arena *scratch) {
  evl_text_file f;
  char site[16];
  EVL_TRY(evl_text_begin(root, "participants.tsv", scratch, &f));
  fprintf(f.file, "participant_id\tage\tsex\thospital\toutcome");
  for (int j = 0; j < s->n_distractors; j++) fprintf(f.file, "\tnoise_%02d", j + 1);
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_subject *t = &s->subject[i];
    evl_site_name(t->site, site);
    fprintf(f.file, "\n%s\t%.1f\t%s\t%s\t%s", t->id, t->trait[EVL_TRAIT_age], t->male ? "M" : "F", site,
            t->poor ? "poor" : "good");
    for (int j = 0; j < s->n_distractors; j++)
      fprintf(f.file, "\t%.9g", evl_subject_distractor(s, t, j));
  }
  fprintf(f.file, "\n");
  return evl_text_end(&f);
}

static evl_status write_recordings(const evl_simulation *s, const char *root, evl_arena *scratch) {
  evl_text_file f;
  char stem[96];
  EVL_TRY(evl_text_begin(root, "recordings.tsv", scratch, &f));
  fprintf(f.file, "subject\tsession\tfile\tstart_h\n");
  for (int i = 0; i < evl_simulation_recordings(s); i++) {
    const evl_subject *t = &s->subject[i / s->n_recordings];
    int session = i % s->n_recordings;
    evl_site_stem(s, i, stem);
    fprintf(f.file, "%s\t", t->id);
    if (s->n_recordings > 1) fprintf(f.file, "ses-%02d", session + 1);
    else fprintf(f.file, "n/a");
    fprintf(f.file, "\t%s_eeg.edf\t%.4f\n", stem, evl_simulation_start_h(s, i));
  }
  return evl_text_end(&f);
}

static evl_status write_sidecars(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  const evl_subject *t = &s->subject[i / s->n_recordings];
  evl_text_file f;
  char stem[96], name[128], label[17];
  evl_site_stem(s, i, stem);
  snprintf(name, sizeof name, "%s_eeg.json", stem);
  EVL_TRY(evl_text_begin(root, name, scratch, &f));
  fprintf(f.file,
          "{\n  \"TaskName\": \"rest\",\n  \"SamplingFrequency\": %g,\n  \"PowerLineFrequency\": %g,\n  "
          "\"EEGReference\": \"common\",\n"
          "  \"SoftwareFilters\": \"n/a\",\n  \"EEGChannelCount\": %d,\n  \"RecordingDuration\": %.12g\n}\n",
          evl_simulation_fs_hz(s, t->site), evl_simulation_line_hz(s, t->site), (int)EVL_HEAD_CHANNELS, s->duration_s);
  EVL_TRY(evl_text_end(&f));
  snprintf(name, sizeof name, "%s_channels.tsv", stem);
  EVL_TRY(evl_text_begin(root, name, scratch, &f));
  fprintf(f.file, "name\ttype\tunits\tstatus\n");
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    evl_site_label(t->site, c, label);
    fprintf(f.file, "%s\tEEG\tuV\tgood\n", label);
  }
  return evl_text_end(&f);
}

static evl_status write_all_tables(const evl_simulation *s, const char *root, evl_arena *scratch) {
  EVL_TRY(write_description(s, root, scratch));
  EVL_TRY(write_participants(s, root, scratch));
  EVL_TRY(evl_truth_write(s, root, scratch));
  EVL_TRY(write_recordings(s, root, scratch));
  for (int i = 0; i < evl_simulation_recordings(s); i++) {
    evl_mark mark = evl_arena_mark(scratch);
    evl_status status = write_sidecars(s, root, i, scratch);
    evl_arena_release(scratch, mark);
    EVL_TRY(status);
  }
  return EVL_OK;
}

evl_status evl_simulation_write_tables(const evl_simulation *s, const char *root) {
  evl_arena *scratch = evl_arena_create();
  if (!scratch) return evl_fail(EVL_MEMORY, "%s: no memory for the tables", root);
  evl_status status = write_all_tables(s, root, scratch);
  evl_arena_free(scratch);
  return status;
}
