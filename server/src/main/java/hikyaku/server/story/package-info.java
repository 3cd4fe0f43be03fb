/**
 * What is written down of messages in mailboxes, so that it can be told later where they came from,
 * went and ended.
 */
@NullMarked
package hikyaku.server.story;

import org.jspecify.annotations.NullMarked;
