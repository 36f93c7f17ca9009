/* The tables of mechanisms and artefacts. */
#include "simulate_priv.h"

#include <string.h>

const evl_mechanism *const evl_mechanisms[] = {
#define X(name) &evl_mechanism_##name,
#include "mechanisms.def"
#undef X
    NULL};

const evl_artefact *const evl_artefacts[] = {
#define X(name) &evl_artefact_##name,
#include "artefacts.def"
#undef X
    NULL};

const evl_mechanism *evl_mechanism_find(const char *name) {
  for (int i = 0; evl_mechanisms[i]; i++)
    if (!strcmp(evl_mechanisms[i]->name, name)) return evl_mechanisms[i];
  return NULL;
}

const evl_artefact *evl_artefact_find(const char *name) {
  for (int i = 0; evl_artefacts[i]; i++)
    if (!strcmp(evl_artefacts[i]->name, name)) return evl_artefacts[i];
  return NULL;
}
