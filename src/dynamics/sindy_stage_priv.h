/* sindy_stage_priv: the recording stage of sindy: sums of products of all windows, and one fit. */
#ifndef EVEIL_SINDY_STAGE_PRIV_H
#define EVEIL_SINDY_STAGE_PRIV_H

#include "sindy_model_priv.h"

/* The last of the entry's outputs, the only ones of the recording. */
#define EVL_SINDY_STAGE_OUTPUTS                                                                                        \
  {"recording_fit", EVL_PER_WINDOW, NULL, true, "code", 0.0, 11.0,                                                     \
   "What became of the fit of the whole recording:" EVL_FIT_LIST(EVL_FIT_WORDS)},                                      \
      {"recording_windows", EVL_PER_WINDOW, NULL, true, "count", 1.0, INFINITY, "Windows in the sums."},               \
      {"recording_rows", EVL_PER_WINDOW, NULL, true, "count", 0.0, INFINITY,                                           \
       "Rows in the sums, less by how often overlapping ones say the same."},                                          \
      {"recording_terms", EVL_PER_WINDOW, NULL, true, "count", 0.0, INFINITY, "Terms in all equations together."},     \
      {"recording_nonlinear", EVL_PER_WINDOW, NULL, true, "1", 0.0, 1.0, "Share of these that are nonlinear."},        \
      {"recording_coef", EVL_PER_WINDOW, "columns", true, "1", -INFINITY, INFINITY,                                    \
       "A coefficient of the whole recording; 0 where the term is out. Forms weak and derivative: 1/s."},                                              \
      {"recording_coef_sd", EVL_PER_WINDOW, "columns", true, "1", 0.0, INFINITY, "Its standard error."},               \
      {"recording_inclusion", EVL_PER_WINDOW, "columns", true, "1", 0.0, 1.0,                                          \
       "Share of bootstraps over groups of windows whose equations have the term."}
enum { EVL_SINDY_STAGE_CELLS = 5 }; /* where outputs over columns begin */
enum { EVL_SINDY_SUM_TENSORS = 3 };

typedef struct evl_sindy_stage evl_sindy_stage;
size_t evl_sindy_stage_size(const evl_params *params, const evl_montage *montage); /* of the state, doubles */
evl_status evl_sindy_stage_plan(const evl_params *params, int p, int d, evl_arena *arena,
                                evl_sindy_stage **stage) EVL_MUST_USE;
/* The sums themselves, behind *n others. */
evl_status evl_sindy_stage_tensors(const evl_library *library, evl_arena *arena, evl_tensor *tensor,
                                   int *n) EVL_MUST_USE;
/* Adds a window's blocks to the sum of its turn; unit [d], theta [p]: what 1 of a coordinate and of a term is in the units
   of the sum. */
void evl_sindy_stage_add(evl_sindy_stage *stage, const evl_gram *block, int n_blocks, const double *unit,
                         const double *theta, const evl_window *window, double *state);
/* The sums that have windows; SHORT: fewer than 4. */
evl_fit evl_sindy_stage_blocks(evl_sindy_stage *stage, const double *state, evl_gram **block, int **series,
                               int *n_blocks, double *windows);
/* Of all windows, to the tensors of the sums. */
void evl_sindy_stage_put_sums(const evl_gram *total, double *const *tensor);

#endif
