/* The table of measured costs: STORE.costs, tab-separated, a line a part of the work and kind of processor. */
#ifndef EVEIL_COSTS_PRIV_H
#define EVEIL_COSTS_PRIV_H

#include "study_priv.h"

typedef struct evl_costs evl_costs;

/* Functions are local, for rank 0. */

/* An absent file is an empty table; one that cannot be understood too, with a warning. */
evl_status evl_costs_read(const char *path, evl_arena *arena, evl_costs **costs) EVL_MUST_USE;
/* Sets learned_s of those that were measured on this kind of processor; their number. */
int evl_costs_learn(const evl_costs *costs, const char *cpu, int n, evl_cost *cost);
/* Seconds a unit of a key, or of a figure of the machine ("machine.sync"); 0: not known. */
double evl_costs_price(const evl_costs *costs, const char *key, const char *cpu);
/* Merges measurements: older ones count half. */
evl_status evl_costs_add(evl_costs *costs, evl_arena *arena, const char *cpu, int n, const evl_cost *cost,
                         const evl_spent *spent) EVL_MUST_USE;
evl_status evl_costs_add_figure(evl_costs *costs, evl_arena *arena, const char *cpu,
                                const evl_figure *figure) EVL_MUST_USE;
/* By way of a temporary file. EVL_IO. */
evl_status evl_costs_write(const evl_costs *costs) EVL_MUST_USE;
/* Removes what a writer that was killed left. The output's lock must be held. */
void evl_costs_tidy(const char *path);
int evl_costs_count(const evl_costs *costs);
void evl_costs_line(const evl_costs *costs, int i, const char **name, const char **unit, const char **cpu,
                    evl_spent *spent);

#endif
