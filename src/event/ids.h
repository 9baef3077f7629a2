/* The numbers of the events, EVENT_ID_name, made from the catalogue. */
#ifndef EVENT_IDS_H
#define EVENT_IDS_H

enum {
#define EVENT(id, name, ...) EVENT_ID_##name = (id),
#include "event/catalogue.def"
#undef EVENT
};

#endif
