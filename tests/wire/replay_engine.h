/* Plays one side of a recorded conversation into a stack of ours whose user does what the other side did, and
 * looks whether the conversation takes the same course with the same APDUs. */
#ifndef TESTS_WIRE_REPLAY_ENGINE_H
#define TESTS_WIRE_REPLAY_ENGINE_H

#include "transcript.h"

typedef struct replay_result_t {
    unsigned passed;
    unsigned failed;
} replay_result_t;

/* as_caller: our stack is the caller and is fed what the called side sent; else the other way round. What
 * fails is printed. */
void replay_engine(transcript_t *transcript, bool as_caller, replay_result_t *result);

#endif
