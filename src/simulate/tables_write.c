/* The cohort's tables and sidecars in BIDS layout (Pernet 2019, doi:10.1038/s41597-019-0104-8), and the
   truth beside them. */
#include "simulate_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  FILE *file;
  const char *path, *aside;
} text_file;

static evl_status open_text(const char *root, const char *name, evl_arena *scratch, text_file *f) {
  f->path = evl_arena_format(scratch, "%s/%s", root, name);
  f->aside = f->path ? evl_arena_format(scratch, "%s.tmp", f->path) : NULL;
  if (!f->aside) return EVL_MEMORY;
  EVL_TRY(evl_simulation_folders(f->path, scratch));
  f->file = fopen(f->aside, "w");
  return f->file ? EVL_OK : evl_fail(EVL_IO, "%s: cannot create: %s", f->aside, strerror(errno));
}

static evl_status close_text(text_file *f) {
  int failed = ferror(f->file);
  failed |= fclose(f->file);
  if (!failed && rename(f->aside, f->path) == 0) return EVL_OK;
  evl_status status = evl_fail(EVL_IO, "%s: cannot write: %s", f->path, strerror(errno));
  remove(f->aside);
  return status;
}

static evl_status write_description(const evl_simulation *s, const char *root, evl_arena *scratch) {
  text_file f;
  EVL_TRY(open_text(root, "dataset_description.json", scratch, &f));
  fprintf(f.file,
          "{\n  \"Name\": \"Simulated coma EEG\",\n  \"BIDSVersion\": \"1.8.0\",\n  \"DatasetType\": \"raw\",\n"
          "  \"GeneratedBy\": [{\"Name\": \"eveil simulate\", \"Version\": \"" EVL_VERSION "\"}],\n  \"Seed\": "
                                                                                           "%llu\n}\n",
          (unsigned long long)s->population.seed);
  return close_text(&f);
}

static evl_status write_participants(const evl_simulation *s, const char *root, evl_arena *scratch) {
  text_file f;
  char site[16];
  EVL_TRY(open_text(root, "participants.tsv", scratch, &f));
  fprintf(f.file, "participant_id\tage\tsex\thospital\toutcome");
  for (int j = 0; j < s->population.n_distractors; j++) fprintf(f.file, "\tnoise_%02d", j + 1);
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_truth *t = &s->truth[i];
    evl_site_name(t->site, site);
    fprintf(f.file, "\n%s\t%.1f\t%s\t%s\t%s", t->id, t->value[EVL_TRUTH_age], t->male ? "M" : "F", site,
            t->poor ? "poor" : "good");
    for (int j = 0; j < s->population.n_distractors; j++)
      fprintf(f.file, "\t%.9g", evl_truth_distractor(&s->population, t, j));
  }
  fprintf(f.file, "\n");
  return close_text(&f);
}

static evl_status write_truth(const evl_simulation *s, const char *root, evl_arena *scratch) {
  text_file f;
  char site[16];
  EVL_TRY(open_text(root, "truth.tsv", scratch, &f));
  fprintf(f.file, "participant_id\thospital\tfs_hz\tgain\tline_hz\tline_uv\tdrift_uv\tsuppressed_uv\tpops_per_"
                  "min\talpha_width_hz");
  for (int k = 0; k < EVL_TRUTHS; k++) fprintf(f.file, "\t%s\tz_%s", evl_truth_name[k], evl_truth_name[k]);
  fprintf(f.file, "\tlinear_predictor\tprobability\toutcome\n");
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_truth *t = &s->truth[i];
    evl_site_name(t->site, site);
    fprintf(f.file, "%s\t%s\t%g\t%g\t%g\t%g\t%g\t%g\t%g\t%.12g", t->id, site, evl_simulation_fs_hz(s, t->site),
            evl_simulation_gain(s, t->site), evl_simulation_line_hz(s, t->site), s->line_uv, s->drift_uv,
            s->suppressed_uv, s->pops_per_min, t->alpha_width_hz);
    for (int k = 0; k < EVL_TRUTHS; k++) fprintf(f.file, "\t%.12g\t%.12g", t->value[k], t->z[k]);
    fprintf(f.file, "\t%.12g\t%.12g\t%s\n", t->predictor, t->probability, t->poor ? "poor" : "good");
  }
  return close_text(&f);
}

static evl_status write_truth_texts(const char *root, evl_arena *scratch) {
  text_file f;
  EVL_TRY(open_text(root, "truth.json", scratch, &f));
  fprintf(f.file, "{\n");
  for (int k = 0; k < EVL_TRUTHS; k++)
    fprintf(f.file, "  \"%s\": {\"Description\": \"%s\"},\n", evl_truth_name[k], evl_truth_text[k]);
  fprintf(f.file, "  \"linear_predictor\": {\"Description\": \"log odds of a poor outcome\"}\n}\n");
  return close_text(&f);
}

static evl_status write_recordings(const evl_simulation *s, const char *root, evl_arena *scratch) {
  text_file f;
  char stem[96];
  EVL_TRY(open_text(root, "recordings.tsv", scratch, &f));
  fprintf(f.file, "subject\tsession\tfile\tstart_h\n");
  for (int i = 0; i < evl_simulation_recordings(s); i++) {
    const evl_truth *t = &s->truth[i / s->n_recordings];
    int session = i % s->n_recordings;
    evl_site_stem(s, i, stem);
    fprintf(f.file, "%s\t", t->id);
    if (s->n_recordings > 1) fprintf(f.file, "ses-%02d", session + 1);
    else fprintf(f.file, "n/a");
    fprintf(f.file, "\t%s_eeg.edf\t%.4f\n", stem, t->start_h + session * s->every_h);
  }
  return close_text(&f);
}

static evl_status write_sidecars(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  const evl_truth *t = &s->truth[i / s->n_recordings];
  text_file f;
  char stem[96], name[128], label[17];
  evl_site_stem(s, i, stem);
  snprintf(name, sizeof name, "%s_eeg.json", stem);
  EVL_TRY(open_text(root, name, scratch, &f));
  fprintf(f.file,
          "{\n  \"TaskName\": \"rest\",\n  \"SamplingFrequency\": %g,\n  \"PowerLineFrequency\": %g,\n  "
          "\"EEGReference\": \"common\",\n"
          "  \"SoftwareFilters\": \"n/a\",\n  \"EEGChannelCount\": %d,\n  \"RecordingDuration\": %.12g\n}\n",
          evl_simulation_fs_hz(s, t->site), evl_simulation_line_hz(s, t->site), (int)EVL_HEAD_CHANNELS, s->duration_s);
  EVL_TRY(close_text(&f));
  snprintf(name, sizeof name, "%s_channels.tsv", stem);
  EVL_TRY(open_text(root, name, scratch, &f));
  fprintf(f.file, "name\ttype\tunits\tstatus\n");
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    evl_site_label(t->site, c, label);
    fprintf(f.file, "%s\tEEG\tuV\tgood\n", label);
  }
  return close_text(&f);
}

static evl_status write_all_tables(const evl_simulation *s, const char *root, evl_arena *scratch) {
  EVL_TRY(write_description(s, root, scratch));
  EVL_TRY(write_participants(s, root, scratch));
  EVL_TRY(write_truth(s, root, scratch));
  EVL_TRY(write_truth_texts(root, scratch));
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
