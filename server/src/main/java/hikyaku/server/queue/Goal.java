package hikyaku.server.queue;

import hikyaku.server.smtpclient.Route;

/**
 * What makes a destination one.
 *
 * @param here whether it is for mailboxes here, which waits for no other server and for no rate
 */
record Goal(Route route, boolean here) {}
