/* scan: which tasks have a record in the journals. */
#include <stdlib.h>
#include <string.h>

#include "study_priv.h"

static int by_key(const void *key, const void *record) {
  return memcmp(key, &((const evl_record *)record)->key, sizeof(evl_key));
}

/* A file that could not be read for a while, though its header can: worth another try in a new run. */
static evl_status is_transient(evl_study *study, const evl_task *task, bool *transient) {
  evl_task_head head;
  *transient = false;
  if (task->where.bytes != sizeof head || study->probe[task->recording].status != EVL_OK) return EVL_OK;
  EVL_TRY(evl_journals_read(study->journals, &task->where, 0, &head, sizeof head));
  *transient = head.status == EVL_IO;
  return EVL_OK;
}

/* Of a failure and a later success the success counts: it is longer. Of equals the one of rank 0's kind of machine. */
static bool is_better(const evl_study *study, const evl_record *a, const evl_record *b) {
  if (a->bytes != b->bytes) return a->bytes > b->bytes;
  return a->machine == study->machine[0].id && b->machine != study->machine[0].id;
}

evl_status evl_study_scan(evl_study *study, bool run) {
  EVL_TRY(evl_journals_scan(study->journal_folder, run, study->arena, &study->journals));
  const evl_journals *j = study->journals;
  for (int64_t t = 0; t < study->n_tasks; t++) {
    evl_task *task = &study->task[t];
    const evl_record *found = j->n ? bsearch(task->key.byte, j->record, (size_t)j->n, sizeof *j->record, by_key) : NULL;
    task->done = found != NULL;
    if (!found) continue;
    while (found > j->record && !memcmp(&found[-1].key, &task->key, sizeof(evl_key))) found--;
    task->where = *found;
    for (; found < j->record + j->n && !memcmp(&found->key, &task->key, sizeof(evl_key)); found++)
      if (is_better(study, found, &task->where)) task->where = *found;
    bool transient = false;
    if (run) EVL_TRY(is_transient(study, task, &transient));
    task->done = !transient;
  }
  return EVL_OK;
}
