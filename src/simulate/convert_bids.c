/* convert_bids: what stands beside converted recordings in a BIDS folder. */
#include <stdio.h>
#include <string.h>

#include "convert_priv.h"
#include "simulate_priv.h"

static double rate_of(const evl_convert *c, int s) {
  return (double)c->source->signal[c->of[s]].samples / c->source->frame_s;
}

static evl_status write_json(const evl_convert *c, const char *root, const char *stem, const char *task, int n_eeg,
                             evl_arena *arena) {
  evl_text_file f;
  double fastest_hz = 0;
  const evl_convert_piece *last = &c->piece[c->n_pieces - 1];
  for (int s = 0; s < c->n_signals; s++) fastest_hz = rate_of(c, s) > fastest_hz ? rate_of(c, s) : fastest_hz;
  double end_s = evl_convert_start_s(c->source, last) + (double)last->n * c->source->frame_s;
  const char *name = evl_arena_format(arena, "%s_eeg.json", stem);
  if (!name) return EVL_MEMORY;
  EVL_TRY(evl_text_begin(root, name, arena, &f));
  fprintf(f.file,
          "{\n  \"TaskName\": \"%s\",\n  \"SamplingFrequency\": %.12g,\n  \"PowerLineFrequency\": \"n/a\",\n  "
          "\"EEGReference\": \"n/a\",\n  \"SoftwareFilters\": \"n/a\",\n  \"EEGChannelCount\": %d,\n  "
          "\"RecordingDuration\": %.12g,\n  \"RecordingType\": \"%s\"\n}\n",
          task, fastest_hz, n_eeg, end_s - c->start_s, c->n_pieces > 1 ? "discontinuous" : "continuous");
  return evl_text_end(&f);
}

static evl_status write_channels(const evl_convert *c, const char *root, const char *stem, const char *const *type,
                                 evl_arena *arena) {
  evl_text_file f;
  const char *name = evl_arena_format(arena, "%s_channels.tsv", stem);
  if (!name) return EVL_MEMORY;
  EVL_TRY(evl_text_begin(root, name, arena, &f));
  fprintf(f.file, "name\ttype\tunits\tsampling_frequency\n");
  for (int s = 0; s < c->n_signals; s++)
    fprintf(f.file, "%s\t%s\t%s\t%.12g\n", c->track[s].label, type[c->of[s]],
            *c->track[s].unit ? c->track[s].unit : "n/a", rate_of(c, s));
  return evl_text_end(&f);
}

static evl_status write_events(const evl_convert *c, const char *root, const char *stem, evl_arena *arena) {
  evl_text_file f;
  const char *name = evl_arena_format(arena, "%s_events.tsv", stem);
  if (!name) return EVL_MEMORY;
  EVL_TRY(evl_text_begin(root, name, arena, &f));
  fprintf(f.file, "onset\tduration\ttrial_type\n");
  for (int i = 0; i < c->source->n_annotations; i++) {
    const evl_edf_annotation *a = &c->source->annotation[i];
    fprintf(f.file, "%.12g\t", a->onset_s - c->start_s);
    if (a->duration_s >= 0) fprintf(f.file, "%.12g\t%s\n", a->duration_s, a->text);
    else fprintf(f.file, "n/a\t%s\n", a->text);
  }
  return evl_text_end(&f);
}

evl_status evl_convert_sidecars(const evl_convert *c, const char *root, const char *stem, const char *task,
                                const char *const *type, evl_arena *arena) {
  int n_eeg = 0;
  for (int s = 0; s < c->n_signals; s++) n_eeg += !strcmp(type[c->of[s]], "EEG");
  EVL_TRY(write_json(c, root, stem, task, n_eeg, arena));
  EVL_TRY(write_channels(c, root, stem, type, arena));
  return c->source->n_annotations ? write_events(c, root, stem, arena) : EVL_OK;
}

evl_status evl_convert_dataset(const char *root, int n, const char *const *subject, evl_arena *arena) {
  evl_text_file f;
  EVL_TRY(evl_text_begin(root, "dataset_description.json", arena, &f));
  fprintf(f.file, "{\n  \"Name\": \"Converted recordings\",\n  \"BIDSVersion\": \"1.8.0\",\n  \"DatasetType\": "
                  "\"raw\",\n  \"GeneratedBy\": [{\"Name\": \"eveil convert\", \"Version\": \"" EVL_VERSION "\"}]\n}\n");
  EVL_TRY(evl_text_end(&f));
  EVL_TRY(evl_text_begin(root, "participants.tsv", arena, &f));
  fprintf(f.file, "participant_id\n");
  for (int i = 0; i < n; i++) {
    int k = 0;
    while (strcmp(subject[k], subject[i])) k++;
    if (k == i) fprintf(f.file, "%s\n", subject[i]);
  }
  return evl_text_end(&f);
}
