/* Small messages, rank to rank. A send never waits: it takes the next slot, where that is not free yet some other, where
   none is another block of slots. A message to the own rank goes through a queue, with or without MPI. */
#include <stdlib.h>
#include <string.h>

#include "world_priv.h"

#define MESSAGE_BYTES 512
#define BLOCK_SLOTS 64

typedef struct block {
  struct block *next;
  int cursor;              /* the slot used longest ago */
  MPI_Request request[BLOCK_SLOTS];
  char data[BLOCK_SLOTS][MESSAGE_BYTES];
} block;

typedef struct letter { /* to oneself */
  struct letter *next;
  int tag;
  size_t bytes;
  char data[MESSAGE_BYTES];
} letter;

static block *blocks;
static letter *first_letter, *free_letter;

static block *block_create(void) {
  block *b = malloc(sizeof *b);
  if (!b) return NULL;
  b->next = NULL;
  b->cursor = 0;
  for (int i = 0; i < BLOCK_SLOTS; i++) b->request[i] = MPI_REQUEST_NULL;
  return b;
}

evl_status evl_messages_start(void) {
  if (!blocks) blocks = block_create();
  return blocks ? EVL_OK : evl_fail(EVL_MEMORY, "no memory for messages between ranks");
}

/* Tells which requests are complete (they become null); the number of those that are not. */
static int pending(block *b) {
  int done, index[BLOCK_SLOTS], n = 0;
  if (!evl_world_ok(MPI_Testsome(BLOCK_SLOTS, b->request, &done, index, MPI_STATUSES_IGNORE), "MPI_Testsome"))
    return BLOCK_SLOTS;
  for (int i = 0; i < BLOCK_SLOTS; i++) n += b->request[i] != MPI_REQUEST_NULL;
  return n;
}

/* -1: none. Most often the oldest message has gone long ago, and the others need not be asked. */
static int free_slot(block *b) {
  int done = 1, slot = b->cursor;
  if (b->request[slot] != MPI_REQUEST_NULL &&
      !evl_world_ok(MPI_Test(&b->request[slot], &done, MPI_STATUS_IGNORE), "MPI_Test")) return -1;
  if (!done && pending(b) == BLOCK_SLOTS) return -1;
  while (b->request[slot] != MPI_REQUEST_NULL) slot = (slot + 1) % BLOCK_SLOTS;
  b->cursor = (slot + 1) % BLOCK_SLOTS;
  return slot;
}

static void send_to_self(int tag, const void *data, size_t bytes) {
  letter *l = free_letter;
  if (l) free_letter = l->next;
  else l = malloc(sizeof *l);
  if (!l) {
    evl_world_failed("message to the own rank", "out of memory");
    return;
  }
  l->next = NULL;
  l->tag = tag;
  l->bytes = bytes;
  if (bytes) memcpy(l->data, data, bytes);
  letter **end = &first_letter;
  while (*end) end = &(*end)->next;
  *end = l;
}

void evl_message_send(int to, int tag, const void *data, size_t bytes) {
  if (bytes > MESSAGE_BYTES || to < 0 || to >= evl_size()) abort(); /* a bug of the caller */
  if (to == evl_rank()) {
    send_to_self(tag, data, bytes);
    return;
  }
  block **end = &blocks;
  int slot = -1;
  while (*end && (slot = free_slot(*end)) < 0) end = &(*end)->next;
  if (!*end && !(*end = block_create())) {
    evl_world_failed("message", "out of memory");
    return;
  }
  if (slot < 0) slot = (*end)->cursor++;
  if (bytes) memcpy((*end)->data[slot], data, bytes);
  evl_world_ok(
      MPI_Isend((*end)->data[slot], (int)bytes, MPI_BYTE, to, tag, evl_world_message(), &(*end)->request[slot]),
      "MPI_Isend");
}

static bool poll_self(int tag, void *data, size_t capacity, size_t *bytes) {
  letter **at = &first_letter;
  while (*at && (*at)->tag != tag) at = &(*at)->next;
  letter *l = *at;
  if (!l) return false;
  if (l->bytes > capacity) abort(); /* a bug of the caller */
  *at = l->next;
  *bytes = l->bytes;
  if (l->bytes) memcpy(data, l->data, l->bytes);
  l->next = free_letter;
  free_letter = l;
  return true;
}

bool evl_message_poll(int tag, int *from, void *data, size_t capacity, size_t *bytes) {
  if (poll_self(tag, data, capacity, bytes)) {
    *from = evl_rank();
    return true;
  }
  if (evl_size() == 1) return false;
  int found = 0, count = 0;
  MPI_Message message;
  MPI_Status status;
  if (!evl_world_ok(MPI_Improbe(MPI_ANY_SOURCE, tag, evl_world_message(), &found, &message, &status), "MPI_Improbe") ||
      !found)
    return false;
  MPI_Get_count(&status, MPI_BYTE, &count);
  if ((size_t)count > capacity) abort(); /* a bug of the caller */
  *from = status.MPI_SOURCE;
  *bytes = (size_t)count;
  return evl_world_ok(MPI_Mrecv(data, count, MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv");
}

/* Takes and forgets one message of any tag. */
static void drop_one(void) {
  char data[MESSAGE_BYTES];
  int found = 0;
  MPI_Message message;
  MPI_Status status;
  if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, evl_world_message(), &found, &message, &status) == MPI_SUCCESS && found)
    MPI_Mrecv(data, sizeof data, MPI_BYTE, &message, MPI_STATUS_IGNORE);
}

/* Own sends first, then a barrier without blocking: while it is open, others may still need a receiver. */
static void drain(void) {
  for (block *b = blocks; b && evl_parallel_status() == EVL_OK; b = b->next)
    while (pending(b) && evl_parallel_status() == EVL_OK) drop_one();
  MPI_Request all;
  if (evl_parallel_status() != EVL_OK || MPI_Ibarrier(evl_world_message(), &all) != MPI_SUCCESS) return;
  for (int done = 0; !done;) {
    drop_one();
    if (MPI_Test(&all, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return;
  }
}

static void free_letters(letter *list) {
  while (list) {
    letter *next = list->next;
    free(list);
    list = next;
  }
}

void evl_messages_stop(void) {
  if (evl_size() > 1) drain();
  while (blocks) {
    block *next = blocks->next;
    free(blocks);
    blocks = next;
  }
  free_letters(first_letter);
  free_letters(free_letter);
  first_letter = free_letter = NULL;
}
