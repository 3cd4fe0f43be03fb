/**
 * The command, the configuration and the wiring of a node: the only place that names a concrete
 * engine.
 */
@NullMarked
package hikyaku.app;

import org.jspecify.annotations.NullMarked;
