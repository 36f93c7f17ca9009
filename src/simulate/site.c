/* Names: of hospitals, of channels as each hospital writes them, of files as BIDS wants them. */
#include "simulate_priv.h"

#include <ctype.h>
#include <stdio.h>

void evl_site_name(int site, char name[16]) { snprintf(name, 16, "hospital_%c", 'A' + site); }

void evl_site_label(int site, int channel, char label[17]) {
  if (site % 2 == 0) snprintf(label, 17, "EEG %s-Ref", evl_head_name[channel]);
  else {
    snprintf(label, 17, "%s", evl_head_old_name[channel]);
    for (char *c = label; *c; c++) *c = (char)toupper((unsigned char)*c);
  }
}

void evl_site_stem(const evl_simulation *s, int i, char stem[96]) {
  const char *id = s->subject[i / s->n_recordings].id;
  int session = i % s->n_recordings + 1;
  if (s->n_recordings == 1) snprintf(stem, 96, "%s/eeg/%s_task-rest", id, id);
  else snprintf(stem, 96, "%s/ses-%02d/eeg/%s_ses-%02d_task-rest", id, session, id, session);
}
