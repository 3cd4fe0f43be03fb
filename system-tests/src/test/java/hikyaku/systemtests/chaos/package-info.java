/**
 * A cluster in network namespaces of its own, mischief of all kinds done to it, and clients that
 * write down what they were told and prove from it that nothing acknowledged was lost or doubled.
 */
package hikyaku.systemtests.chaos;
