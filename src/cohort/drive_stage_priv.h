/* drive_stage_priv: records of a recording that its stage reads back. All local. */
#ifndef EVEIL_DRIVE_STAGE_PRIV_H
#define EVEIL_DRIVE_STAGE_PRIV_H

#include "study_priv.h"

typedef struct evl_stage_reader {
  evl_study *study;
  double **state;  /* [n_analyses][state_size] sums over window tasks */
  double **pieces; /* [n_analyses][pieces_size] results of the pieces */
  uint8_t *part;   /* what is read back */
} evl_stage_reader;

evl_status evl_stage_reader_plan(evl_study *study, evl_stage_reader *reader) EVL_MUST_USE;
/* The states of a recording's window tasks, in order of time. A failed task's status and message end it. */
evl_status evl_stage_sum(evl_stage_reader *reader, int recording, evl_status *failed, char *message,
                         size_t size) EVL_MUST_USE;
/* The results of its pieces. */
evl_status evl_stage_pieces(evl_stage_reader *reader, int recording, evl_status *failed, char *message,
                            size_t size) EVL_MUST_USE;
/* What is read enters a record with a CRC of its own, so it must be whole: window tasks, and where `with_pieces` the
   pieces. `scratch`: of the largest payload. */
bool evl_stage_intact(const evl_stage_reader *reader, int recording, bool with_pieces, void *scratch);

#endif
