<?php
/**
 * The functions of Action Scheduler that the plugin uses, with the same traps, over one option.
 */

defined( 'ABSPATH' ) || exit;

class ActionScheduler_Store {
	const STATUS_PENDING = 'pending';
}

add_action(
	'init',
	static function () {
		do_action( 'action_scheduler_init' );
	},
	1
);

function test_actions() {
	wp_cache_delete( 'test_actions', 'options' );
	return (array) get_option( 'test_actions', array() );
}

function as_schedule_single_action( $at, $hook, $arguments = array(), $group = '' ) {
	$actions   = test_actions();
	$actions[] = array( 'at' => $at, 'hook' => $hook, 'every' => 0 );
	update_option( 'test_actions', $actions, false );
	return count( $actions );
}

function as_schedule_recurring_action( $at, $every, $hook, $arguments = array(), $group = '' ) {
	$actions   = test_actions();
	$actions[] = array( 'at' => $at, 'hook' => $hook, 'every' => $every );
	update_option( 'test_actions', $actions, false );
	return count( $actions );
}

function as_has_scheduled_action( $hook ) {
	return in_array( $hook, array_column( test_actions(), 'hook' ), true );
}

function as_get_scheduled_actions( $asked ) {
	return array_keys(
		array_filter(
			test_actions(),
			static function ( $action ) use ( $asked ) {
				return $action['hook'] === $asked['hook'] && $action['at'] <= strtotime( $asked['date'] . ' UTC' );
			}
		)
	);
}

function as_unschedule_all_actions( $hook ) {
	update_option(
		'test_actions',
		array_values(
			array_filter(
				test_actions(),
				static function ( $action ) use ( $hook ) {
					return $action['hook'] !== $hook;
				}
			)
		),
		false
	);
}

/** Runs what is due, as a queue runner would. */
function test_run_actions() {
	$due  = array();
	$left = array();
	foreach ( test_actions() as $action ) {
		if ( $action['at'] > time() ) {
			$left[] = $action;
			continue;
		}
		$due[] = $action['hook'];
		if ( $action['every'] ) {
			$left[] = array( 'at' => time() + $action['every'] ) + $action;
		}
	}
	update_option( 'test_actions', $left, false );
	foreach ( $due as $hook ) {
		do_action( $hook );
	}
	return count( $due );
}
