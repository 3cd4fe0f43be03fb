/**
 * A small internet in network namespaces: DNS with signed zones, a Postfix and an Exim that are
 * other people's mail systems, and whatever else mail meets on its way.
 */
package hikyaku.systemtests.internet;
